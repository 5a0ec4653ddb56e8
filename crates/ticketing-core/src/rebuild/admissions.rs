//! What the admissions service knows of tickets and orders, and the passes that come from that.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::admission::{Admission, Entrance};
use crate::domain::event::{Event, Topic};
use crate::domain::ids::{OrderId, PassId, TicketId};
use crate::domain::order::Order;
use crate::domain::pass::{CodeSeed, CodedPass, Pass};
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
    /// By their orders.
    passes: BTreeMap<OrderId, BTreeMap<PassId, Pass>>,
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
        let of_order = self.passes.entry(pass.order).or_default();
        let known = of_order.entry(pass.id).or_insert_with(|| pass.clone());
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
            Some(stored) => self.compared(stored, order, found),
        }
    }

    fn missing(&self, order: &Order, found: &mut Found) {
        let Some((admission, events)) = Admission::of(order, &CodeSeed::new(self.env.ids.secret())) else { return };
        // Passes that were reported are not issued a second time.
        let is_news = |event: &Event| self.told(order.id, PassId::new(event.subject())).is_none();
        let issued = events.into_iter().filter(is_news);
        // As if it had never heard of the order, so that the passes of one that has ended since are void.
        let known = self.as_told(Admission { order_version: 0, ..admission });
        let Some((admission, voided)) = known.follow(order) else { return };
        found.events.extend(issued.chain(voided));
        found.differing(format!("the passes of order {} are missing", order.id), Write::insert(admission));
    }

    fn compared(&self, stored: &Stored<Admission>, order: &Order, found: &mut Found) {
        let admission = &stored.record;
        let told = self.as_told(admission.clone());
        if admission.order_version > order.version {
            if told == *admission {
                found.rebuilt.newer += 1;
            } else {
                found.differing(passes_differ(order), stored.replace(told));
            }
            return;
        }
        // As if it had never heard of the order, so that passes which it missed to void are void.
        let forgotten = Admission { order_version: 0, ticket: order.ticket.id, buyer: order.buyer, ..told };
        let Some((next, events)) = forgotten.follow(order) else { return };
        if next == *admission {
            found.rebuilt.same += 1;
            return;
        }
        found.events.extend(events);
        found.differing(passes_differ(order), stored.replace(next));
    }

    /// With the passes that were reported: those that are missing, and those of which newer events tell that somebody
    /// was let in since, or that they are void.
    fn as_told(&self, mut admission: Admission) -> Admission {
        let Some(told) = self.passes.get(&admission.order) else { return admission };
        for coded in &mut admission.passes {
            if let Some(told) = told.get(&coded.pass.id).filter(|told| told.version > coded.pass.version) {
                coded.pass = told.clone();
            }
        }
        let is_kept = |id: &PassId| admission.passes.iter().any(|coded| coded.pass.id == *id);
        let lost: Vec<Pass> = told.values().filter(|pass| !is_kept(&pass.id)).cloned().collect();
        if !lost.is_empty() {
            let codes = CodeSeed::new(self.env.ids.secret()).codes(u32::try_from(lost.len()).unwrap_or(u32::MAX));
            admission.passes.extend(lost.into_iter().zip(codes).map(|(pass, code)| CodedPass {
                pass,
                code,
                check: None,
                again_at: None,
            }));
            admission.passes.sort_by_key(|coded| coded.pass.place);
        }
        admission
    }

    fn told(&self, order: OrderId, pass: PassId) -> Option<&Pass> {
        self.passes.get(&order)?.get(&pass)
    }
}

fn passes_differ(order: &Order) -> String {
    format!("the passes of order {} are not what the order and their events say", order.id)
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
            self.shadow_of_ticket(ticket.clone());
        }
        if let Some(change) = event.order_change() {
            self.shadow_of_order(&change.order);
        }
        if let Event::PassIssued(pass) | Event::PassUsed(pass) | Event::PassVoided(pass) = event {
            self.shadow_of_pass(pass);
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
