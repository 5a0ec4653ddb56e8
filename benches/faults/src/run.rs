//! A run, from the first process to the last check.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::Instant;

use crate::backend::{Backend, Cluster, MarketFile};
use crate::faults::{Outcome, Town};
use crate::ledger::Ledger;
use crate::load::{self, Shop};
use crate::market::{Market, is_ready};
use crate::name::Name;
use crate::plan::{Fault, Plan};
use crate::postbox::Postbox;
use crate::report::{Acknowledged, Report};
use crate::services::Fleet;
use crate::settings::Settings;
use crate::verify::verify;
use crate::{Error, tell};

/// How long the services may take to work together at first.
const START_WITHIN: Duration = Duration::from_secs(120);

/// Breaks things for a while, and reports the result.
pub(crate) async fn run(settings: &Settings) -> Result<Report, Error> {
    let weights = settings.weights()?;
    let seed = settings.seed.unwrap_or_else(|| rand::random_range(0..1_000_000));
    let folder = folder(settings).map_err(Error::Program)?;
    tell(format_args!("seed {seed}, logs in {}", folder.display()));
    let mut town = build(settings, &folder).await?;
    let shop = open(settings, &mut town).await?;
    let load = tokio::spawn(load::run(Arc::clone(&shop), settings.rate, settings.buyers, StdRng::seed_from_u64(seed)));

    let began = Instant::now();
    let plan = Plan::new(seed, &weights, settings.services());
    let faults = break_things(settings.lasting(), plan, &mut town, &shop).await?;
    let seconds = began.elapsed().as_secs_f64();

    tell(format_args!("the load ends; requests in progress are served to the end"));
    shop.close();
    if let Err(error) = load.await {
        tell(format_args!("the load broke: {error}"));
    }
    let verdict = verify(&mut town, &shop).await?;
    let acknowledged = Acknowledged::of(&shop.ledger());
    let report = Report {
        settings: settings.clone(),
        seed,
        seconds,
        faults,
        answers: shop.market.tally.answers(),
        acknowledged,
        turned_away: shop.turned_away(),
        seconds_to_rest: verdict.rest.as_secs_f64(),
        mails: verdict.mails,
        logs: verdict.logs,
        notes: verdict.notes,
        violations: verdict.violations,
    };
    finish(settings, &report, town, &folder)?;
    Ok(report)
}

/// Where this run leaves its files.
fn folder(settings: &Settings) -> std::io::Result<PathBuf> {
    let ours = || std::env::temp_dir().join(format!("ticketing-faults-{}", std::process::id()));
    let folder = std::path::absolute(settings.folder.clone().unwrap_or_else(ours))?;
    std::fs::create_dir_all(folder.join("services"))?;
    Ok(folder)
}

async fn build(settings: &Settings, folder: &Path) -> Result<Town, Error> {
    let backend = if settings.file {
        Backend::File(MarketFile::new(folder).await?)
    } else {
        let engines = folder.join("engines");
        Backend::Engines(Cluster::up(&settings.engines(), &engines, settings.kafka_members, settings.keep).await?)
    };
    let postbox = Postbox::open().await.map_err(Error::Postbox)?;
    let fleet = Fleet::start(settings, &backend, postbox.port, &folder.join("services"))?;
    Ok(Town { backend, fleet, postbox, violations: Vec::new() })
}

/// Waits until the services work, opens the shop, and sees that something can be bought.
async fn open(settings: &Settings, town: &mut Town) -> Result<Arc<Shop>, Error> {
    let market = Market::new(&town.fleet.url(Name::Web), &town.fleet.url(Name::SecondOrders))?;
    let began = Instant::now();
    for process in town.fleet.all() {
        while !is_ready(&process.admin).await {
            if process.ended().is_some() || began.elapsed() > START_WITHIN {
                tell(format_args!("{} does not start: see {}", process.name.text(), process.log.display()));
                return Err(Error::NeverWorked);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    tell(format_args!("services are ready after {:.1?}", began.elapsed()));
    let shop = Shop::open(market, settings).await?;
    match town.recover(&shop, Instant::now()).await? {
        (_, Some(_)) => tell(format_args!("the shop is open, and something was bought, after {:.1?}", began.elapsed())),
        (_, None) => return Err(Error::NeverWorked),
    }
    Ok(shop)
}

async fn break_things(lasting: Duration, plan: Plan, town: &mut Town, shop: &Arc<Shop>) -> Result<Vec<Outcome>, Error> {
    let (began, mut faults) = (Instant::now(), Vec::new());
    for (number, fault) in plan.enumerate() {
        if began.elapsed() > lasting {
            break;
        }
        tokio::time::sleep(fault.rest).await;
        tell_fault(began, number, fault);
        let outcome = town.suffer(fault, shop).await?;
        tell_outcome(began, number, &outcome);
        let recovered = outcome.all_after.is_some();
        faults.push(outcome);
        if !recovered {
            tell(format_args!("VIOLATION: it does not recover, so nothing else is broken"));
            break;
        }
    }
    Ok(faults)
}

fn tell_fault(began: Instant, number: usize, fault: Fault) {
    let at = began.elapsed().as_secs_f64();
    tell(format_args!("{at:7.1} s  {number:4}  {} for {:.1?}", fault.kind.name(), fault.lasting));
}

fn tell_outcome(began: Instant, number: usize, outcome: &Outcome) {
    let at = began.elapsed().as_secs_f64();
    let seconds = |span: Option<f64>| span.map_or_else(|| "never".to_owned(), |span| format!("{span:.2} s"));
    tell(format_args!(
        "{at:7.1} s  {number:4}  {} {}: no order for {:.2} s; once repaired, orders after {}, all after {}",
        outcome.kind.name(),
        outcome.target,
        outcome.silent,
        seconds(outcome.orders_after),
        seconds(outcome.all_after)
    ));
}

impl Acknowledged {
    fn of(ledger: &Ledger) -> Self {
        Self {
            accounts: ledger.accounts.len(),
            tickets: ledger.tickets.len(),
            orders: ledger.orders.len(),
            cancellations: ledger.cancelled.len(),
            refunds: ledger.refunds.done.len(),
            call_offs: ledger.call_offs.done.len(),
            payments: ledger.payments.len(),
            taken: ledger.payments.values().filter(|paid| paid.taken).count(),
        }
    }
}

/// Reports the result, and removes what nobody needs any more.
fn finish(settings: &Settings, report: &Report, town: Town, folder: &Path) -> Result<(), Error> {
    use std::io::Write;

    write!(std::io::stdout(), "{report}").map_err(Error::Report)?;
    if let Some(file) = &settings.report {
        let text = serde_json::to_vec_pretty(report).map_err(|error| Error::Report(error.into()))?;
        std::fs::write(file, text).map_err(Error::Report)?;
    }
    match &town.backend {
        Backend::Engines(cluster) if settings.keep => {
            tell(format_args!("the engines run on; to end them: {}", cluster.engines.how_to_end()));
        }
        Backend::Engines(_) | Backend::File(_) => {}
    }
    drop(town);
    if report.is_clean() && !settings.keep && settings.folder.is_none() {
        std::fs::remove_dir_all(folder).map_err(Error::Report)?;
    } else {
        tell(format_args!("logs are in {}", folder.display()));
    }
    Ok(())
}
