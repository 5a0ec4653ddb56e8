//! A marketplace in one file: what was told to anybody is there after its process was killed.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::market::{Market, eventually, id};
use crate::programs::{Program, Programs, directory, on_file};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn a_killed_process_goes_on_with_what_it_told() {
    let directory = directory();
    let programs = Programs::of_one(on_file(&directory, &[("TICKETING_HOLD", "10m")]).await);
    let program = &programs.all[0];
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 3).await;
        let [paid, held] = [market.buy(&ben, &ticket).await, market.buy(&ben, &ticket).await];
        market.pay(&ben, &paid).await;
        program.kill().await;
        program.go_on_by(Program::CURRENT).await;

        // The keys lie with the data: nobody has to sign in again.
        eventually(async || market.order(&ben, &paid).await, |order| order["status"] == "completed").await;
        assert_eq!(market.order(&ben, &held).await["status"], "awaitingPayment");
        eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 1).await;
        let passes = async || market.get(&format!("/api/orders/{}/passes", id(&paid))).by(&ben).send().await;
        eventually(passes, |reply| reply.status == 200).await;
        market.pay(&ben, &held).await;
        eventually(async || market.order(&ben, &held).await, |order| order["status"] == "completed").await;
    };
    programs.prove(rule).await;
    program.audit();
}

#[tokio::test]
async fn a_copy_is_made_while_it_is_in_use_and_is_a_marketplace_by_itself() {
    let (first, second) = (directory(), directory());
    let programs = Programs::of_one(on_file(&first, &[]).await);
    std::fs::create_dir(&second).expect("a directory");
    let copy = second.join("market.db");
    let (sally, ticket) = {
        let market = programs.market();
        let sally = market.sign_up("sally").await;
        let ticket = market.sell(&sally, 3).await;
        (sally, ticket)
    };

    let backup = || programs.all[0].operate(&["backup", copy.to_str().expect("text")]);
    assert!(backup().status.success());
    let again = backup();
    assert!(!again.status.success() && said(&again).contains("exists"), "{}", said(&again));

    let restored = Programs::of_one(on_file(&second, &[]).await);
    let rule = async |market: &Market| {
        assert_eq!(market.ticket(&ticket).await["title"], ticket["title"]);
        let form = json!({"email": sally.email, "password": crate::market::PASSWORD});
        assert_eq!(market.post("/api/users/signin").json(&form).send().await.status, 200);
    };
    restored.prove(rule).await;
    restored.all[0].audit();
}

#[tokio::test]
async fn a_second_process_on_one_file_is_refused_with_a_sentence() {
    let directory = directory();
    let first = on_file(&directory, &[]).await;

    let second = first.operate_with(&["serve"], &[("TICKETING_LISTEN", "127.0.0.1:0".to_owned())]);

    assert!(!second.status.success() && said(&second).contains("is in use"), "{}", said(&second));
    assert_eq!(Market::at(&first.address()).get("/livez").send().await.status, 200);
}

#[tokio::test]
async fn a_process_that_ends_in_order_leaves_one_file_which_the_next_opens_at_once() {
    let directory = directory();
    let programs = Programs::of_one(on_file(&directory, &[]).await);
    let program = &programs.all[0];
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 3).await;
        let order = market.buy(&ben, &ticket).await;
        assert!(directory.join("market.db-wal").exists(), "it is in use");

        program.stop().await;

        let beside = ["market.db-wal", "market.db-shm"].map(|name| directory.join(name).exists());
        assert_eq!(beside, [false, false], "{}", program.last_words());
        program.go_on_by(Program::CURRENT).await;
        assert_eq!(market.order(&ben, &order).await["id"], order["id"]);
        market.pay(&ben, &order).await;
    };
    programs.prove(rule).await;
    program.audit();
}

fn in_use(index: &Path) -> PathBuf {
    index.join(std::fs::read_to_string(index.join("in-use")).expect("an index is in use"))
}

/// A file of an index is not what was written.
fn damage(index: &Path) {
    std::fs::write(in_use(index).join("meta.json"), "{}").expect("a file of the index");
}

/// An index is gone.
fn lose(index: &Path) {
    std::fs::remove_dir_all(index).expect("the folder of the index");
}

#[tokio::test]
async fn the_search_goes_on_after_a_restart_and_is_filled_again_if_it_is_damaged_or_lost() {
    let directory = directory();
    let programs = Programs::of_one(on_file(&directory, &[]).await);
    let program = &programs.all[0];
    let index = directory.join("search");
    let rule = async |market: &Market| {
        let sally = market.sign_up("sally").await;
        let ticket = market.sell(&sally, 3).await;
        let found = async || market.get("/api/tickets?q=oper&places=3").send().await.body["items"][0]["id"].clone();
        eventually(&found, |id| *id == ticket["id"]).await;

        program.stop().await;
        program.go_on_by(Program::CURRENT).await;
        assert_eq!(found().await, ticket["id"], "it was there before");
        for harm in [damage, lose] {
            program.kill().await;
            harm(&index);
            program.go_on_by(Program::CURRENT).await;
            eventually(&found, |id| *id == ticket["id"]).await;
        }
        let aside = std::fs::read_dir(&directory).expect("the directory").flatten();
        assert_eq!(aside.filter(|entry| entry.file_name().to_string_lossy().starts_with("search")).count(), 2);
    };
    programs.prove(rule).await;
    program.audit();
}

#[tokio::test]
async fn the_search_index_is_built_again_while_it_is_in_use() {
    let directory = directory();
    let programs = Programs::of_one(on_file(&directory, &[]).await);
    let program = &programs.all[0];
    let index = directory.join("search");
    let rule = async |market: &Market| {
        let sally = market.sign_up("sally").await;
        let found = async |ticket: &Value| {
            let items = market.get("/api/tickets?q=oper&places=3").send().await.body["items"].clone();
            items.as_array().is_some_and(|items| items.iter().any(|item| item["id"] == ticket["id"]))
        };
        let before = market.sell(&sally, 3).await;
        eventually(async || found(&before).await, |is_found| *is_found).await;
        let former = in_use(&index);

        let admin = ("TICKETING_ADMIN_LISTEN", program.admin_address().trim_start_matches("http://").to_owned());
        let replay = || program.operate_with(&["replay", "search"], std::slice::from_ref(&admin));
        let built = replay();
        assert!(built.status.success() && said(&built).contains("is in use"), "{}", said(&built));
        assert!(found(&before).await, "it was not gone for a moment");
        let next = in_use(&index);
        assert!(next != former && !former.exists(), "the former one is gone");
        let after = market.sell(&sally, 3).await;
        eventually(async || found(&after).await, |is_found| *is_found).await;

        program.kill().await;
        let away = replay();
        assert!(!away.status.success() && said(&away).contains("nothing answers"), "{}", said(&away));
        program.go_on_by(Program::CURRENT).await;
        assert!(found(&before).await && found(&after).await, "it goes on with the one that was built");
        assert_eq!(in_use(&index), next);
    };
    programs.prove(rule).await;
    program.audit();
}
