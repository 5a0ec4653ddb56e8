//! Random commands, random faults, random deaths: the invariants hold all the same.
//!
//! A failing case is shrunk and printed as the list of commands that replays it;
//! the seed of its faults is one of them.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::ticket::Schedule;
use ticketing_core::ports::pass_store::{PassNeeds, PassStore};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::usecase::admissions::{CheckIn, ShownPass};
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::{CallOffTicket, RescheduleTicket, UpdateTicket, WithdrawTicket};
use ticketing_memory::{FaultPlan, FaultRates};
use tokio::runtime::Runtime;

use crate::invariants::{BUYERS, Told};
use crate::market::{Engines, HOLD, Process, account, key, offer};

/// What happens next. Tickets and orders are meant by their place among those there are.
#[derive(Debug, Clone)]
enum Step {
    Sell {
        seller: u128,
        quantity: u32,
    },
    Offer {
        seller: u128,
        ticket: usize,
        quantity: u32,
        amount: u64,
    },
    Withdraw {
        seller: u128,
        ticket: usize,
    },
    Reschedule {
        seller: u128,
        ticket: usize,
        venue: u8,
    },
    CallOff {
        seller: u128,
        ticket: usize,
    },
    Order {
        buyer: u128,
        ticket: usize,
        quantity: u32,
        key: Option<u8>,
    },
    Cancel {
        buyer: u128,
        order: usize,
    },
    Pay {
        buyer: u128,
        order: usize,
        card: Card,
        key: Option<u8>,
    },
    GiveBack {
        buyer: u128,
        order: usize,
    },
    /// The seller refunds an order.
    Refund {
        seller: u128,
        order: usize,
    },
    /// A pass of the order is shown at the door of its ticket.
    CheckIn {
        order: usize,
    },
    /// Every buyer who must act does.
    Act {
        approves: bool,
    },
    Wait {
        seconds: u64,
    },
    Flow,
    /// The process is killed, and another takes its place.
    Die,
}

#[derive(Debug, Clone, Copy)]
enum Card {
    Good,
    Bad,
    Silent,
    Challenged,
}

impl Card {
    const fn token(self) -> &'static str {
        match self {
            Self::Good => "tok_visa",
            Self::Bad => "tok_chargeDeclined",
            Self::Silent => "tok_timeout",
            Self::Challenged => "tok_threeDSecure",
        }
    }
}

/// The marketplace itself is its own model: what it was told and what the invariants say is all that is compared.
#[derive(Debug, Clone)]
struct Script {
    seed: u64,
}

impl ReferenceStateMachine for Script {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        any::<u64>().prop_map(|seed| Self { seed }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let (who, which) = (0..BUYERS, 0..6_usize);
        let card = prop_oneof![4 => Just(Card::Good), 1 => Just(Card::Bad), 1 => Just(Card::Silent), 2 => Just(Card::Challenged)];
        let key = proptest::option::weighted(0.5, 0..4_u8);
        prop_oneof![
            2 => (who.clone(), 1..6_u32).prop_map(|(seller, quantity)| Step::Sell { seller, quantity }),
            1 => (who.clone(), which.clone(), 1..6_u32, 1..5000_u64)
                .prop_map(|(seller, ticket, quantity, amount)| Step::Offer { seller, ticket, quantity, amount }),
            1 => (who.clone(), which.clone()).prop_map(|(seller, ticket)| Step::Withdraw { seller, ticket }),
            1 => (who.clone(), which.clone(), 0..3_u8)
                .prop_map(|(seller, ticket, venue)| Step::Reschedule { seller, ticket, venue }),
            1 => (who.clone(), which.clone()).prop_map(|(seller, ticket)| Step::CallOff { seller, ticket }),
            2 => (who.clone(), 0..12_usize).prop_map(|(buyer, order)| Step::GiveBack { buyer, order }),
            2 => (who.clone(), 0..12_usize).prop_map(|(seller, order)| Step::Refund { seller, order }),
            2 => (0..12_usize).prop_map(|order| Step::CheckIn { order }),
            8 => (who.clone(), which.clone(), 1..4_u32, key.clone())
                .prop_map(|(buyer, ticket, quantity, key)| Step::Order { buyer, ticket, quantity, key }),
            2 => (who.clone(), 0..12_usize).prop_map(|(buyer, order)| Step::Cancel { buyer, order }),
            6 => (who, 0..12_usize, card, key).prop_map(|(buyer, order, card, key)| Step::Pay { buyer, order, card, key }),
            2 => any::<bool>().prop_map(|approves| Step::Act { approves }),
            3 => (1..1200_u64).prop_map(|seconds| Step::Wait { seconds }),
            6 => Just(Step::Flow),
            1 => Just(Step::Die),
        ]
        .boxed()
    }

    fn apply(state: Self, _: &Step) -> Self {
        state
    }
}

/// The system under test, and what its callers were told.
struct Market {
    runtime: Arc<Runtime>,
    engines: Engines,
    process: Process,
    told: Told,
    rates: FaultRates,
    seed: u64,
}

impl Market {
    fn new(seed: u64, rates: FaultRates) -> Self {
        let runtime = Arc::new(tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts"));
        let engines = Engines::new();
        let process = runtime.block_on(async { engines.start(&faults(&engines, seed, rates)) });
        Self { runtime, engines, process, told: Told::default(), rates, seed }
    }

    fn apply(mut self, step: &Step) -> Self {
        let runtime = Arc::clone(&self.runtime);
        runtime.block_on(async {
            self.act(step).await;
            self.engines.check_always(&self.told).await;
        });
        self
    }

    async fn act(&mut self, step: &Step) {
        match step {
            Step::Sell { seller, quantity } => {
                let sold = self.process.sell(*seller, *quantity).await;
                self.told.tickets.extend(sold.ok().map(|listing| listing.ticket.id));
            }
            Step::Offer { .. } | Step::Withdraw { .. } | Step::Reschedule { .. } | Step::CallOff { .. } => {
                self.change_a_ticket(step).await;
            }
            Step::Order { buyer, ticket, quantity, key: name } => {
                let Some(ticket) = self.told.tickets.get(*ticket).copied() else { return };
                let key = name.map(|name| key(&name.to_string()));
                match self.process.order_as(*buyer, key, ticket, *quantity).await {
                    Ok(order) if self.told.orders.contains(&order.id) => {
                        assert!(order.key.is_some(), "only a key finds an order again")
                    }
                    Ok(order) => self.told.orders.push(order.id),
                    Err(_) => {}
                }
            }
            Step::Cancel { .. } | Step::Pay { .. } | Step::GiveBack { .. } => self.change_an_order(step).await,
            Step::Refund { seller, order } => self.refund(account(*seller), *order).await,
            Step::CheckIn { order } => self.check_in(*order).await,
            Step::Act { approves } => self.engines.buyers_act(*approves).await,
            Step::Wait { seconds } => self.engines.clock.advance(Duration::from_secs(*seconds)),
            Step::Flow => drop(self.process.settle().await),
            Step::Die => {
                self.seed = self.seed.wrapping_add(1);
                self.process = self.engines.start(&faults(&self.engines, self.seed, self.rates));
            }
        }
    }

    async fn change_a_ticket(&self, step: &Step) {
        let (seller, ticket) = match step {
            Step::Offer { seller, ticket, .. }
            | Step::Withdraw { seller, ticket }
            | Step::Reschedule { seller, ticket, .. }
            | Step::CallOff { seller, ticket } => (account(*seller), *ticket),
            _ => return,
        };
        let Some(id) = self.told.tickets.get(ticket).copied() else { return };
        let Process { tickets, .. } = &self.process;
        let origin = self.process.origin();
        let changed = match step {
            Step::Offer { quantity, amount, .. } => {
                let command = UpdateTicket::new(id, seller, offer(*quantity, *amount));
                tickets.update_ticket(command, origin).await.map(drop)
            }
            Step::Withdraw { .. } => tickets.withdraw_ticket(WithdrawTicket::new(id, seller), origin).await,
            Step::Reschedule { venue, .. } => {
                let venue = (*venue > 0).then(|| format!("Hall {venue}").into());
                let event = EventFacts { title: "Opera".into(), venue, ..EventFacts::default() };
                let to = Schedule { event: event.into(), sales_end_at: None };
                tickets.reschedule_ticket(RescheduleTicket::new(id, seller, to), origin).await.map(drop)
            }
            _ => tickets.call_off_ticket(CallOffTicket::new(id, seller), origin).await.map(drop),
        };
        assert!(changed.is_err() || self.owner(id).await == Some(seller), "a stranger changed {id}: {step:?}");
    }

    async fn owner(&self, ticket: TicketId) -> Option<AccountId> {
        let found = self.engines.tickets.listings(&[ticket]).await.expect("the engines are up");
        found.first().map(|stored| stored.record.ticket.seller)
    }

    async fn refund(&self, seller: AccountId, order: usize) {
        let Some(order) = self.told.orders.get(order).copied() else { return };
        let ticket = self.ticket_of(order).await;
        let refunded = self.engines.clock.run(self.process.orders.refund_order(order, seller, self.process.origin()));
        let refunded = refunded.await;
        assert!(refunded.is_err() || self.owner(ticket).await == Some(seller), "a stranger refunded {order}");
    }

    /// By the seller, who has each pass checked; who is let in keeps that, even if the order ends.
    async fn check_in(&self, order: usize) {
        let Some(order) = self.told.orders.get(order).copied() else { return };
        let needs = PassNeeds { admissions: vec![order], ..PassNeeds::default() };
        let Some(issued) = self.engines.passes.load(&needs).await.expect("the engines are up").admissions.pop() else {
            return;
        };
        let ticket = issued.record.ticket;
        let Some(seller) = self.owner(ticket).await else { return };
        for pass in &issued.record.passes {
            let show = CheckIn::new(seller, ticket, ShownPass::Code(pass.code));
            drop(self.process.admissions.check_in(show, self.process.origin()).await);
        }
    }

    async fn ticket_of(&self, order: OrderId) -> TicketId {
        let all = self.engines.all_orders().await;
        all.iter().find(|known| known.id == order).expect("it was told").ticket.id
    }

    async fn change_an_order(&mut self, step: &Step) {
        let (buyer, order) = match step {
            Step::Cancel { buyer, order } | Step::Pay { buyer, order, .. } | Step::GiveBack { buyer, order } => {
                (*buyer, *order)
            }
            _ => return,
        };
        let Some(order) = self.told.orders.get(order).copied() else { return };
        let own = self
            .process
            .engines
            .all_orders()
            .await
            .iter()
            .any(|known| known.id == order && known.buyer == account(buyer));
        let done = match step {
            Step::Cancel { .. } => self.process.cancel(buyer, order).await.map(drop),
            Step::GiveBack { .. } => {
                let given = self.process.orders.give_back_order(order, account(buyer), self.process.origin());
                self.engines.clock.run(given).await.map(drop)
            }
            Step::Pay { card, key: name, .. } => {
                let name = name.map(|name| key(&format!("pay-{name}")));
                let paid = self.process.pay_as(buyer, name, order, card.token()).await;
                if paid.as_ref().is_ok_and(|payment| payment.version > 0) {
                    self.told.paid.push(order);
                }
                paid.map(drop)
            }
            _ => return,
        };
        let hidden = matches!(done, Err(Error::OrderNotFound | Error::Unavailable(_) | Error::KeyReused));
        assert!(own || hidden, "a stranger reached order {order}: {done:?}");
    }

    /// The last process dies, and a healthy one brings everything to its end.
    fn rest(self) {
        let Self { runtime, engines, process, told, .. } = self;
        runtime.block_on(async {
            drop(process);
            engines.clock.advance(HOLD + Duration::from_secs(60));
            let mut process = engines.start(&FaultPlan::none());
            process.recover().await;
            // What awaits its buyer is looked at once an hour by then.
            engines.clock.advance(Duration::from_secs(2 * 3600));
            process.recover().await;
            engines.check_at_rest(&told).await;
            assert_eq!(engines.unsettled_payments().await, []);
        });
    }
}

fn faults(engines: &Engines, seed: u64, rates: FaultRates) -> FaultPlan {
    FaultPlan::random(Arc::new(engines.clock.clone()), seed, rates)
}

/// Nothing fails, but deliveries come twice and out of order.
struct Duplicates;

/// One operation in ten fails, before or after its effect; acknowledgements get lost.
struct BadDay;

macro_rules! market_test {
    ($name:ident, $rates:expr) => {
        impl StateMachineTest for $name {
            type SystemUnderTest = Market;
            type Reference = Script;

            fn init_test(script: &Script) -> Market {
                Market::new(script.seed, $rates)
            }

            fn apply(market: Market, _: &Script, step: Step) -> Market {
                market.apply(&step)
            }

            fn teardown(market: Market, _: Script) {
                market.rest();
            }
        }
    };
}

market_test!(Duplicates, FaultRates { duplicate: 0.3, reorder: 0.3, ..FaultRates::default() });
market_test!(
    BadDay,
    FaultRates {
        fail_before: 0.05,
        fail_after: 0.05,
        lose_settlement: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        ..FaultRates::default()
    }
);

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_invariants_hold_when_events_come_twice_and_out_of_order(sequential 1..60 => Duplicates);

    #[test]
    fn the_invariants_hold_on_a_bad_day(sequential 1..60 => BadDay);
}
