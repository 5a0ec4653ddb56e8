//! What is reported of charges.

use ticketing_core::domain::ids::{OrderId, PaymentId, RefundId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::ports::audit_reader::Charge;
use ticketing_core::ports::gateway::{Capture, CardToken, GatewayError, Refund};

use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::{AuditReaderFixture, Bank, all};

const NO_LEDGER: Outcome = Outcome::NotClaimed("no ledger");

impl Bank {
    /// Charges a card, in euros; returns what the ledger has to report, if it was charged.
    async fn pay(&self, card: &CardToken, payment: PaymentId, cents: u64) -> Option<(Charge, String)> {
        let total = sample::price(cents).money();
        let capture = Capture { payment, order: OrderId::new(sample::uuid()), total, card: card.clone() };
        match answered(self.gateway.capture(&capture)).await {
            CaptureOutcome::Captured { reference } => {
                Some((Charge { payment, total, refunded: false }, reference.to_string()))
            }
            CaptureOutcome::Declined { .. } | CaptureOutcome::ActionRequired(_) => None,
        }
    }

    async fn charges(&self, size: usize) -> Vec<Charge> {
        all(size, |charge: &Charge| charge.payment, |page| self.ledger.charges(page)).await
    }
}

async fn answered<T: Send>(call: impl Future<Output = Result<T, GatewayError>> + Send) -> T {
    soon("the gateway answers", call).await.expect("the gateway answers")
}

/// All money that was taken is reported, in the order of payments and in pages that join; what was declined is not.
pub async fn charges_are_told_in_pages(fixture: &dyn AuditReaderFixture) -> Outcome {
    let Some(bank) = fixture.bank() else { return NO_LEDGER };
    assert_eq!(bank.charges(10).await, [], "nothing was charged yet");
    let mut taken = Vec::new();
    let payments: Vec<_> = (1..=9).map(|cents| (PaymentId::new(sample::uuid()), cents)).collect();
    for (payment, cents) in payments.into_iter().rev() {
        taken.extend(bank.pay(&bank.good, payment, cents).await.map(|(charge, _)| charge));
        assert_eq!(bank.pay(&bank.bad, PaymentId::new(sample::uuid()), 5).await, None, "a bad card is declined");
    }
    taken.reverse();

    assert_eq!(taken.len(), 9, "a good card is charged");
    for size in [1, 4, 9, 100] {
        assert_eq!(bank.charges(size).await, taken, "pages of {size} report what was taken");
    }
    Outcome::Kept
}

/// A refund is reported, and only of its own payment.
pub async fn a_refund_is_told(fixture: &dyn AuditReaderFixture) -> Outcome {
    let Some(bank) = fixture.bank() else { return NO_LEDGER };
    let ids = [(); 2].map(|()| PaymentId::new(sample::uuid()));
    let (kept, _) = bank.pay(&bank.good, ids[0], 4250).await.expect("a good card is charged");
    let (back, reference) = bank.pay(&bank.good, ids[1], 1200).await.expect("a good card is charged");
    let all = Refund::of_all(back.payment, &reference.into(), back.total);
    let half = Money { amount: back.total.amount / 2, ..back.total };
    answered(bank.gateway.refund(&Refund { id: RefundId::new(sample::uuid()), amount: half, ..all.clone() })).await;
    assert_eq!(bank.charges(10).await, [kept, back], "what went back in part did not go back");
    answered(bank.gateway.refund(&Refund { id: RefundId::new(sample::uuid()), amount: half, ..all })).await;

    assert_eq!(bank.charges(10).await, [kept, Charge { refunded: true, ..back }], "a refund is reported as one");
    Outcome::Kept
}
