//! What the admissions service knows of tickets and orders, and the passes that come from that.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::admission::{Admission, Entrance};
use crate::domain::event::{Event, Topic};
use crate::domain::ids::{OrderId, PassId, TicketId};
use crate::domain::order::Order;
use crate::domain::pass::{CodeSeed, Pass};
use crate::domain::ticket::Ticket;
use crate::ports::clock::ClockAndIds;
use crate::ports::pass_store::{PassNeeds, PassRecord, PassRecords, PassStore};
use crate::ports::store::{StoreError, Stored, UnitOfWork, Write};
use crate::wire::Origin;

use super::{Differing, Rebuild, Rebuilt};

/// Rebuilds entrances from tickets, and admissions from completed orders.
///
/// A pass that was lost comes back with its id, and so with its token, and as used or void as its own events tell;
/// its code is drawn again, because codes are in no event.
#[derive(Debug)]
pub struct RebuildAdmissions {
    store: Arc<dyn PassStore>,
    env: ClockAndIds,
    tickets: BTreeMap<Uuid, Ticket>,
    orders: BTreeMap<Uuid, Order>,
    passes: BTreeMap<PassId, Pass>,
}

impl RebuildAdmissions {
    /// For the admissions and entrances of this store.
    #[must_use]
    pub fn new(store: Arc<dyn PassStore>, env: ClockAndIds) -> Self {
        let (tickets, orders, passes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { store, env, tickets, orders, passes }
    }

    fn shadow_of_order(&mut self, order: &Order) {
        let known = self.orders.entry(order.id.uuid()).or_insert_with(|| order.clone());
        if order.version > known.version {
            *known = order.clone();
        }
    }

    fn shadow_of_ticket(&mut self, ticket: Ticket) {
        let known = self.tickets.entry(ticket.id.uuid()).or_insert_with(|| ticket.clone());
        if ticket.version > known.version {
            *known = ticket;
        }
    }

    fn shadow_of_pass(&mut self, pass: Pass) {
        let known = self.passes.entry(pass.id).or_insert_with(|| pass.clone());
        if pass.version > known.version {
            *known = pass;
        }
    }

    fn entrance(&self, ticket: &Ticket, records: &PassRecords, found: &mut Found) {
        let told = Entrance::of(ticket);
        match records.entrances.iter().find(|stored| stored.record.ticket == ticket.id) {
            None => found.differing(format!("the entrance of ticket {} is missing", ticket.id), Write::insert(told)),
            Some(stored) if stored.record == told => found.rebuilt.same += 1,
            Some(stored) if stored.record.ticket_version > ticket.version => found.rebuilt.newer += 1,
            Some(stored) => {
                let sentence = format!("the entrance of ticket {} is not what the ticket says", ticket.id);
                found.differing(sentence, stored.replace(told));
            }
        }
    }

    fn admission(&self, order: &Order, records: &PassRecords, found: &mut Found) {
        match records.admissions.iter().find(|stored| stored.record.order == order.id) {
            None => self.missing(order, found),
            Some(stored) if stored.record.order_version > order.version => found.rebuilt.newer += 1,
            Some(stored) => self.compared(stored, order, found),
        }
    }

    fn missing(&self, order: &Order, found: &mut Found) {
        let Some((mut admission, events)) = Admission::of(order, &CodeSeed::new(self.env.ids.secret())) else {
            return;
        };
        for coded in &mut admission.passes {
            if let Some(told) = self.passes.get(&coded.pass.id) {
                coded.pass = told.clone();
            }
        }
        // Passes that were told of are told of no second time.
        let is_news = |event: &Event| !self.passes.contains_key(&PassId::new(event.subject()));
        found.events.extend(events.into_iter().filter(is_news));
        found.differing(format!("the passes of order {} are missing", order.id), Write::insert(admission));
    }

    fn compared(&self, stored: &Stored<Admission>, order: &Order, found: &mut Found) {
        let admission = &stored.record;
        let is_of = (admission.ticket, admission.buyer) == (order.ticket.id, order.buyer);
        // As if it had never heard of the order, so that passes which it missed to void are void.
        let forgotten =
            Admission { order_version: 0, ticket: order.ticket.id, buyer: order.buyer, ..admission.clone() };
        let Some((next, events)) = forgotten.follow(order) else { return };
        if is_of && events.is_empty() && next.order_version == admission.order_version {
            found.rebuilt.same += 1;
            return;
        }
        found.events.extend(events);
        found.differing(format!("the passes of order {} are not what the order says", order.id), stored.replace(next));
    }
}

/// What a comparison found, and what would correct it.
#[derive(Default)]
struct Found {
    rebuilt: Rebuilt,
    work: UnitOfWork<PassRecord>,
    events: Vec<Event>,
}

impl Found {
    fn differing(&mut self, sentence: String, write: Write<PassRecord>) {
        self.rebuilt.differing.push(sentence);
        self.work.writes.push(write);
    }
}

#[async_trait]
impl Rebuild for RebuildAdmissions {
    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Orders, Topic::Admissions]
    }

    fn shadow(&mut self, event: Event) {
        if let Some(ticket) = event.ticket() {
            return self.shadow_of_ticket(ticket.clone());
        }
        match event {
            Event::PassIssued(pass) | Event::PassUsed(pass) | Event::PassVoided(pass) => self.shadow_of_pass(pass),
            event => {
                if let Some(change) = event.order_change() {
                    self.shadow_of_order(&change.order);
                }
            }
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.tickets.keys().chain(self.orders.keys()).copied().collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let needs = PassNeeds {
            admissions: subjects.iter().filter(|id| self.orders.contains_key(id)).copied().map(OrderId::new).collect(),
            entrances: subjects.iter().filter(|id| self.tickets.contains_key(id)).copied().map(TicketId::new).collect(),
            ..PassNeeds::default()
        };
        let records = self.store.load(&needs).await?;
        let mut found = Found::default();
        subjects
            .iter()
            .filter_map(|id| self.tickets.get(id))
            .for_each(|ticket| self.entrance(ticket, &records, &mut found));
        subjects
            .iter()
            .filter_map(|id| self.orders.get(id))
            .for_each(|order| self.admission(order, &records, &mut found));
        let Found { rebuilt, mut work, events } = found;
        let now = self.env.now();
        let origin = Origin::new(self.env.uuid(now));
        work.events = events.iter().map(|event| self.env.seal(event, now, &origin)).collect();
        if differing == Differing::Replace && !work.is_empty() {
            self.store.commit(work).await?;
        }
        Ok(rebuilt)
    }
}
