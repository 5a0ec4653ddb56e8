//! What people and programs put into addresses: slashes, parameters, hosts.

use http::StatusCode;

use crate::app::{TestApp, id};
use crate::front_door::backend::Backend;
use crate::process::Program;

async fn leads_to(app: &TestApp, method: &str, path: &str) -> (StatusCode, String) {
    let reply = app.call(method, path).send().await;
    (reply.status, reply.header("location").to_owned())
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_path_without_it() {
    let app = TestApp::start().await;
    let name = uuid::Uuid::nil();
    let paths = ["/api/tickets", "/api/users/signin", "/livez", "/sell", "/my/tickets", "/api/docs", "/signout"];
    let named = [format!("/tickets/{name}"), format!("/orders/{name}/pay"), format!("/api/tickets/{name}/live")];

    for path in paths.into_iter().chain(named.iter().map(String::as_str)) {
        for method in ["GET", "HEAD", "POST", "DELETE"] {
            let there = (StatusCode::PERMANENT_REDIRECT, format!("{path}?q=a%20b&next=/x/"));
            assert_eq!(leads_to(&app, method, &format!("{path}/?q=a%20b&next=/x/")).await, there, "{method}");
            assert_eq!(leads_to(&app, method, &format!("{path}/")).await.1, path);
        }
    }
}

#[tokio::test]
async fn a_slash_leads_nowhere_else() {
    let app = TestApp::start().await;

    for path in
        ["/nothing/", "//evil.example/", "//evil.example//", "/api/", "/api/nothing/", "/api//tickets/", "/%2F/"]
    {
        assert_eq!(leads_to(&app, "GET", path).await, (StatusCode::NOT_FOUND, String::new()), "{path}");
    }
    let (_, location) = leads_to(&app, "GET", "/tickets/%2F%2Fevil.example/").await;
    assert_eq!(location, "/tickets/%2F%2Fevil.example");
}

#[tokio::test]
async fn a_slash_too_many_is_seen_through_a_front_door_too() {
    let app = Backend::start().await.behind_front_door();

    for path in ["/api/tickets", "/api/users/currentuser", "/sell"] {
        let there = (StatusCode::PERMANENT_REDIRECT, format!("{path}?a=b"));
        assert_eq!(leads_to(&app, "GET", &format!("{path}/?a=b")).await, there);
    }
}

#[tokio::test]
async fn a_page_is_shown_whatever_is_added_to_its_address() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    app.sell(&sally, 2).await;

    let queries =
        ["q=Opera&q=Opera", "colour=red", "%FF=%FE", "q=%FF", "&&=&", "q", "sort=newest&sort=newest&q=&q=Opera"];
    for query in queries {
        let page = app.get(&format!("/?{query}")).send().await;
        assert_eq!(page.status, 200, "{query}: {page:?}");
    }
    for path in ["/orders", "/my/tickets", "/account", "/sell"] {
        let page = app.get(&format!("{path}?cursor=&cursor=&x=%FF")).by(&sally).send().await;
        assert_eq!(page.status, 200, "{path}");
    }
    assert_eq!(app.get("/signin?next=/sell&next=/orders&%FF").send().await.status, 200);
}

#[tokio::test]
async fn of_a_parameter_that_comes_twice_the_last_counts_on_pages() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let link = format!("/tickets/{}", id(&ticket));
    let shows = async |query: &str| {
        let page = app.get(&format!("/?{query}")).send().await.body;
        page.as_str().is_some_and(|html| html.contains(&link))
    };

    assert!(shows("q=nothing&q=opera").await);
    assert!(!shows("q=opera&q=nothing").await);
    let api = app.get("/api/tickets?q=nothing&q=opera").send().await;
    assert_eq!(api.problem(), (400, "malformed"), "a program is told");
}

#[tokio::test]
async fn a_form_field_that_comes_twice_is_no_error() {
    let app = TestApp::start().await;
    let form = "email=nobody%40example.org&password=wrong+one&password=wrong+password&colour=red";

    let page = app.post("/signin").bytes("application/x-www-form-urlencoded", form).send().await;

    assert_eq!((page.status.as_u16(), page.header("location")), (303, "/signin"), "{page:?}");
}

#[test]
fn a_request_names_its_host_once() {
    let program = Program::start();
    let status = |head: &str| program.status(&format!("{head}connection: close\r\n\r\n"));

    for fine in [
        "GET /livez HTTP/1.1\r\nhost: shop.example\r\n",
        "GET /livez HTTP/1.1\r\nHOST: [::1]:3000\r\n",
        "GET /livez HTTP/1.0\r\n",
        "GET /livez HTTP/1.0\r\nhost: shop.example:3000\r\n",
        "GET http://shop.example/livez HTTP/1.1\r\nhost: shop.example:80\r\n",
    ] {
        assert_eq!(status(fine), 200, "{fine}");
    }
    for wrong in [
        "GET /livez HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\n",
        "GET /livez HTTP/1.1\r\nhost:\r\n",
        "GET /livez HTTP/1.1\r\nhost: a\r\nhost: a\r\n",
        "GET /livez HTTP/1.0\r\nhost: a\r\nhost: b\r\n",
        "GET /api/tickets HTTP/1.1\r\nhost: a b\r\n",
        "GET /api/tickets HTTP/1.1\r\nhost: ada@shop.example\r\n",
        "GET /api/tickets HTTP/1.1\r\nhost: shop.example/evil\r\n",
        "GET /api/tickets HTTP/1.1\r\nhost: shop.example:port\r\n",
        "GET http://evil.example/api/tickets HTTP/1.1\r\nhost: shop.example\r\n",
    ] {
        assert_eq!(status(wrong), 400, "{wrong}");
    }
}

#[test]
fn an_odd_target_is_refused_and_breaks_nothing() {
    let program = Program::start();

    for (head, expected) in [
        ("OPTIONS * HTTP/1.1\r\nhost: a\r\n", 404),
        ("CONNECT shop.example:443 HTTP/1.1\r\nhost: shop.example:443\r\n", 404),
        ("GET /api/tickets HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n", 200),
        ("HEAD /api/tickets HTTP/1.1\r\nhost: a\r\n", 200),
        ("OPTIONS /api/tickets HTTP/1.1\r\nhost: a\r\n", 405),
        ("TRACE /api/tickets HTTP/1.1\r\nhost: a\r\n", 405),
    ] {
        let answer = program.exchange(&format!("{head}connection: close\r\n\r\n{{}}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{head}{answer}");
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        assert!(!head.starts_with("HEAD") || body.is_empty(), "{answer}");
    }
}
