//! `ticketing parked`: events that could not be handled, and what becomes of them.

use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::Page;
use ticketing_core::ports::transport::Arrival;
use uuid::Uuid;

use crate::say;
use crate::wiring::ParkingLots;

/// What to do about parked events.
#[derive(Debug, Subcommand)]
pub(super) enum ParkedCommand {
    /// List parked events, one line each
    List {
        /// List only events of this key
        #[arg(long)]
        key: Option<String>,
    },
    /// Print everything about one event
    Show {
        /// The id from `ticketing parked list`
        id: Uuid,
    },
    /// Return an event to its consumer, with all other parked events of its key, in order
    Replay {
        /// The id from `ticketing parked list`
        id: Uuid,
    },
    /// Delete one event for good
    Drop {
        /// The id from `ticketing parked list`
        id: Uuid,
        /// Delete it; without this flag the command only shows what would be deleted
        #[arg(long)]
        yes: bool,
    },
}

/// So many are read at a time.
const PAGE: usize = 500;

/// Does it, and answers 1 if there is no such event.
///
/// # Errors
///
/// A database does not answer.
pub(super) async fn parked(lots: ParkingLots, command: ParkedCommand) -> Result<ExitCode, BoxError> {
    match command {
        ParkedCommand::List { key } => list(&lots, key).await,
        ParkedCommand::Show { id } => match find(&lots, id).await? {
            Some((service, _, parked)) => Ok(told(&described(service, &parked))),
            None => Ok(missing(id)),
        },
        ParkedCommand::Replay { id } => match find(&lots, id).await? {
            Some((_, lot, parked)) => release(&*lot, parked).await,
            None => Ok(missing(id)),
        },
        ParkedCommand::Drop { id, yes } => match find(&lots, id).await? {
            Some((service, _, parked)) if !yes => {
                let parked = described(service, &parked);
                Ok(told(&format!("{parked}\nnothing was dropped; with --yes it is deleted permanently")))
            }
            Some((_, lot, _)) => {
                lot.change(ParkingChange::Remove { ids: vec![id] }).await?;
                Ok(told(&format!("{id} was dropped")))
            }
            None => Ok(missing(id)),
        },
    }
}

async fn list(lots: &ParkingLots, key: Option<String>) -> Result<ExitCode, BoxError> {
    let filter = ParkedFilter { key, ..ParkedFilter::default() };
    let mut count = 0;
    for (service, lot) in lots {
        let mut page = Page::first(PAGE);
        loop {
            let found = lot.list(&filter, page).await?;
            let Some(last) = found.last() else { break };
            page.after = Some(last.id);
            count += found.len();
            if !found.iter().all(|parked| say::answer(&line(service, parked))) {
                // Nobody reads on.
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    Ok(told(&match count {
        0 => "nothing is parked".to_owned(),
        1 => "1 event is parked".to_owned(),
        many => format!("{many} events are parked"),
    }))
}

async fn release(lot: &dyn ParkingLot, parked: Parked) -> Result<ExitCode, BoxError> {
    let Parked { consumer, key, .. } = parked;
    let released = lot.change(ParkingChange::Release { consumer: consumer.clone(), key: key.clone() }).await?;
    let events = if released == 1 { "1 event".to_owned() } else { format!("{released} events") };
    Ok(told(&format!(
        "{events} of key {key} will be handled again by {consumer}, in order; list them to see how it went"
    )))
}

async fn find(lots: &ParkingLots, id: Uuid) -> Result<Option<(&'static str, Arc<dyn ParkingLot>, Parked)>, BoxError> {
    let before = Uuid::from_u128(id.as_u128().saturating_sub(1));
    for (service, lot) in lots {
        let next = lot.list(&ParkedFilter::default(), Page { after: Some(before), limit: 1 }).await?;
        if let Some(parked) = next.into_iter().find(|parked| parked.id == id) {
            return Ok(Some((service, Arc::clone(lot), parked)));
        }
    }
    Ok(None)
}

fn line(service: &str, parked: &Parked) -> String {
    let what = match &parked.arrival {
        Arrival::Event(envelope) => format!("{} v{}", envelope.kind, envelope.version),
        Arrival::Undecodable { .. } => "undecodable".to_owned(),
    };
    let state = if parked.released { "released" } else { "held" };
    let Parked { id, consumer, key, reason, parked_at, .. } = parked;
    format!("{id}  {service}/{consumer}  {parked_at}  {state}  {key}  {what}  {reason}")
}

fn described(service: &str, parked: &Parked) -> String {
    let Parked { id, consumer, key, reason, parked_at, released, arrival } = parked;
    let mut text = format!(
        "id        {id}\nservice   {service}\nconsumer  {consumer}\nkey       {key}\nparked at {parked_at}\n\
         state     {}\nreason    {reason}\n",
        if *released { "released" } else { "held" }
    );
    // Writing to a string does not fail.
    let _infallible = match arrival {
        Arrival::Event(envelope) => write!(
            text,
            "event     {} {} v{} (schema {}), {}\npayload   {}",
            envelope.kind,
            envelope.id,
            envelope.version,
            envelope.schema,
            envelope.time,
            String::from_utf8_lossy(&envelope.data)
        ),
        Arrival::Undecodable { raw, reason } => {
            write!(
                text,
                "topic     {}\n{reason}\nheaders   {:?}\nbody      {}",
                raw.topic,
                raw.headers,
                printable(&raw.body)
            )
        }
    };
    text
}

/// Bytes as text, where they are text; whatever could move a terminal's cursor is escaped.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().flat_map(char::escape_debug).collect()
}

fn told(text: &str) -> ExitCode {
    say::answer(text);
    ExitCode::SUCCESS
}

fn missing(id: Uuid) -> ExitCode {
    say::aside(&format!("nothing is parked under {id}; `ticketing parked list` shows what is"));
    ExitCode::FAILURE
}
