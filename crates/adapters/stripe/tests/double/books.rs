//! The objects of the double, and what changes them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::events::event;

/// Fields of a request, as they were sent.
pub(crate) type Fields = BTreeMap<String, String>;
/// A status and a body.
pub(crate) type Answer = (u16, Value);

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) intents: BTreeMap<String, Value>,
    pub(crate) sessions: BTreeMap<String, Value>,
    pub(crate) refunds: Vec<Value>,
    pub(crate) events: Vec<String>,
    drawn: u64,
}

const SMALLEST: u64 = 50;
const LARGEST: u64 = 99_999_999;

pub(crate) fn refused(status: u16, kind: &str, code: &str) -> Answer {
    let error = json!({"error": {"type": kind, "code": code, "message": "in words"}});
    (status, error)
}

fn wrong_field(param: &str) -> Answer {
    let error = json!({"type": "invalid_request_error", "param": param, "message": "in words"});
    (400, json!({"error": error}))
}

fn unexpected_state() -> Answer {
    refused(400, "invalid_request_error", "payment_intent_unexpected_state")
}

fn missing() -> Answer {
    refused(404, "invalid_request_error", "resource_missing")
}

impl Books {
    /// Carries out a request.
    pub(crate) fn answer(&mut self, method: &str, path: &[&str], fields: &Fields) -> Answer {
        match (method, path) {
            ("POST", ["payment_intents"]) => self.create_intent(fields),
            ("POST", ["checkout", "sessions"]) => self.create_session(fields),
            ("POST", ["payment_intents", id, "confirm"]) => self.confirm(id, fields),
            ("POST", ["payment_intents", id, "cancel"]) => self.cancel(id),
            ("POST", ["checkout", "sessions", id, "expire"]) => self.expire(id),
            ("POST", ["refunds"]) => self.refund(fields),
            ("GET", ["payment_intents", id]) => shown(self.intents.get(*id)),
            ("GET", ["checkout", "sessions", id]) => shown(self.sessions.get(*id)),
            ("GET", ["refunds"]) => self.list_refunds(fields),
            _ => missing(),
        }
    }

    fn id(&mut self, kind: &str) -> String {
        self.drawn += 1;
        format!("{kind}_{}", self.drawn)
    }

    fn create_intent(&mut self, fields: &Fields) -> Answer {
        let amount = match checked_amount(&fields["amount"]) {
            Ok(amount) => amount,
            Err(refusal) => return refusal,
        };
        let payment = fields["metadata[ticketing_payment]"].clone();
        (200, self.new_intent(amount, &fields["currency"], &payment))
    }

    fn new_intent(&mut self, amount: u64, currency: &str, payment: &str) -> Value {
        let id = self.id("pi");
        let intent = json!({
            "id": id, "object": "payment_intent", "amount": amount, "amount_received": 0, "currency": currency,
            "client_secret": format!("{id}_secret_canary"), "status": "requires_payment_method",
            "capture_method": "automatic", "last_payment_error": null, "next_action": null,
            "metadata": {"ticketing_payment": payment},
        });
        self.intents.insert(id, intent.clone());
        self.tell("payment_intent.created", &intent);
        intent
    }

    fn confirm(&mut self, id: &str, fields: &Fields) -> Answer {
        let Some(intent) = self.intents.get_mut(id) else { return missing() };
        if !matches!(intent["status"].as_str(), Some("requires_payment_method" | "requires_confirmation")) {
            return unexpected_state();
        }
        assert!(fields["return_url"].starts_with("http"), "a buyer who acts must come back: {fields:?}");
        match fields["payment_method"].as_str() {
            "pm_card_visa" | "pm_card_silent" => self.succeed(id),
            "pm_card_threeDSecure2Required" => {
                let url = format!("https://hooks.stripe.com/3d_secure_2/hosted?payment_intent={id}");
                intent["next_action"] = json!({"type": "redirect_to_url", "redirect_to_url": {"url": url}});
                intent["status"] = "requires_action".into();
                let intent = intent.clone();
                self.tell("payment_intent.requires_action", &intent);
                (200, intent)
            }
            "pm_card_visa_chargeDeclined" => self.decline(id, "card_declined", "generic_decline"),
            _ => wrong_field("payment_method"),
        }
    }

    fn succeed(&mut self, id: &str) -> Answer {
        let intent = self.intents.get_mut(id).expect("it is there");
        intent["status"] = "succeeded".into();
        intent["amount_received"] = intent["amount"].clone();
        intent["next_action"] = Value::Null;
        let intent = intent.clone();
        self.tell("payment_intent.succeeded", &intent);
        (200, intent)
    }

    fn decline(&mut self, id: &str, code: &str, decline_code: &str) -> Answer {
        let intent = self.intents.get_mut(id).expect("it is there");
        intent["status"] = "requires_payment_method".into();
        intent["next_action"] = Value::Null;
        let decline_code = Some(decline_code).filter(|code| !code.is_empty());
        let mut error = json!({"type": "card_error", "code": code, "decline_code": decline_code});
        intent["last_payment_error"] = error.clone();
        let intent = intent.clone();
        error["payment_intent"] = intent.clone();
        self.tell("payment_intent.payment_failed", &intent);
        (402, json!({"error": error}))
    }

    fn cancel(&mut self, id: &str) -> Answer {
        let is_of_session = self.sessions.values().any(|session| session["payment_intent"] == id);
        let Some(intent) = self.intents.get_mut(id) else { return missing() };
        if is_of_session || matches!(intent["status"].as_str(), Some("succeeded" | "canceled" | "processing")) {
            return unexpected_state();
        }
        intent["status"] = "canceled".into();
        intent["next_action"] = Value::Null;
        let intent = intent.clone();
        self.tell("payment_intent.canceled", &intent);
        (200, intent)
    }

    fn create_session(&mut self, fields: &Fields) -> Answer {
        let amount = match checked_amount(&fields["line_items[0][price_data][unit_amount]"]) {
            Ok(amount) => amount,
            Err(refusal) => return refusal,
        };
        assert_eq!((fields["mode"].as_str(), fields["line_items[0][quantity]"].as_str()), ("payment", "1"));
        assert!(fields["success_url"].starts_with("http") && fields["cancel_url"].starts_with("http"), "{fields:?}");
        let (id, payment) = (self.id("cs_test"), &fields["metadata[ticketing_payment]"]);
        assert_eq!(payment, &fields["payment_intent_data[metadata][ticketing_payment]"]);
        let session = json!({
            "id": id, "object": "checkout.session", "status": "open", "payment_status": "unpaid",
            "url": format!("https://checkout.stripe.com/c/pay/{id}#canary"), "payment_intent": null,
            "amount_total": amount, "currency": fields["line_items[0][price_data][currency]"],
            "success_url": fields["success_url"], "metadata": {"ticketing_payment": payment},
        });
        self.sessions.insert(id, session.clone());
        (200, session)
    }

    fn expire(&mut self, id: &str) -> Answer {
        let Some(session) = self.sessions.get_mut(id) else { return missing() };
        if session["status"] != "open" {
            return refused(400, "invalid_request_error", "");
        }
        session["status"] = "expired".into();
        session["url"] = Value::Null;
        let session = session.clone();
        self.tell("checkout.session.expired", &session);
        (200, session)
    }

    /// The buyer pays on the page; returns where they are sent back to.
    pub(crate) fn pay_session(&mut self, id: &str) -> Option<String> {
        let session = self.sessions.get(id).filter(|session| session["status"] == "open")?.clone();
        let (amount, payment) = (session["amount_total"].as_u64()?, session["metadata"]["ticketing_payment"].as_str()?);
        let intent = match session["payment_intent"].as_str() {
            Some(intent) => intent.to_owned(),
            None => self.new_intent(amount, session["currency"].as_str()?, payment)["id"].as_str()?.to_owned(),
        };
        self.succeed(&intent);
        let session = self.sessions.get_mut(id)?;
        session["status"] = "complete".into();
        session["payment_status"] = "paid".into();
        session["payment_intent"] = intent.into();
        session["url"] = Value::Null;
        let session = session.clone();
        self.tell("checkout.session.completed", &session);
        session["success_url"].as_str().map(str::to_owned)
    }

    pub(crate) fn decline_on_page(&mut self, payment: &str) {
        let (id, session) = self.session_of(payment).expect("a session awaits the buyer");
        let amount = session["amount_total"].as_u64().expect("an amount");
        let intent = self.new_intent(amount, session["currency"].as_str().expect("a currency"), payment);
        let intent = intent["id"].as_str().expect("an id").to_owned();
        self.decline(&intent, "card_declined", "insufficient_funds");
        self.sessions.get_mut(&id).expect("it is there")["payment_intent"] = intent.into();
    }

    pub(crate) fn act(&mut self, payment: &str, approves: bool) {
        let waiting = self.intents.iter().find(|(_, intent)| awaits(intent, payment)).map(|(id, _)| id.clone());
        match (waiting, self.session_of(payment), approves) {
            (Some(id), _, true) => drop(self.succeed(&id)),
            (Some(id), _, false) => drop(self.decline(&id, "payment_intent_authentication_failure", "")),
            (None, Some((id, _)), true) => drop(self.pay_session(&id)),
            // Nobody refuses on the page: a buyer who leaves it lets it expire.
            (None, Some((id, _)), false) => drop(self.expire(&id)),
            (None, None, _) => {}
        }
    }

    fn session_of(&self, payment: &str) -> Option<(String, Value)> {
        let is_it = |session: &Value| session["status"] == "open" && is_of(session, payment);
        self.sessions.iter().find(|(_, session)| is_it(session)).map(|(id, session)| (id.clone(), session.clone()))
    }

    fn refund(&mut self, fields: &Fields) -> Answer {
        let id = self.id("re");
        let Some(intent) = self.intents.get(&fields["payment_intent"]) else { return missing() };
        let (taken, amount) = (intent["amount_received"].as_u64().unwrap_or(0), fields["amount"].parse().unwrap_or(0));
        match taken - self.refunded(&fields["payment_intent"]) {
            0 => return refused(400, "invalid_request_error", "charge_already_refunded"),
            left if amount > left => return wrong_field("amount"),
            _ => {}
        }
        let refund = json!({
            "id": id, "object": "refund", "amount": amount, "payment_intent": fields["payment_intent"],
            "status": "succeeded", "metadata": {"ticketing_refund": fields["metadata[ticketing_refund]"]},
        });
        self.refunds.push(refund.clone());
        (200, refund)
    }

    /// As somebody does in the dashboard, who names nothing.
    pub(crate) fn refund_by_hand(&mut self, payment: &str, amount: u64) {
        let id = self.id("re");
        let intent = self.intents.iter().find(|(_, intent)| is_of(intent, payment)).map(|(id, _)| id.clone());
        self.refunds.push(json!({
            "id": id, "object": "refund", "amount": amount, "payment_intent": intent.expect("it was charged"),
            "status": "succeeded", "metadata": {},
        }));
    }

    pub(crate) fn fail_refunds(&mut self) {
        self.refunds.iter_mut().for_each(|refund| refund["status"] = "failed".into());
    }

    /// The newest first, two a page, so that every list has several.
    fn list_refunds(&self, fields: &Fields) -> Answer {
        let mut all: Vec<_> = self.refunds.iter().rev().collect();
        all.retain(|refund| refund["payment_intent"] == fields["payment_intent"]);
        let after = fields.get("starting_after");
        let from = after.map_or(0, |after| all.iter().position(|refund| refund["id"] == *after).expect("an id") + 1);
        let (page, has_more) = (all.iter().skip(from).take(2).collect::<Vec<_>>(), all.len() > from + 2);
        (200, json!({"object": "list", "data": page, "has_more": has_more}))
    }

    fn refunded(&self, intent: &str) -> u64 {
        let made = self.refunds.iter().filter(|refund| refund["payment_intent"] == intent);
        made.filter(|refund| refund["status"] != "failed").filter_map(|refund| refund["amount"].as_u64()).sum()
    }

    pub(crate) fn held(&self, payment: &str) -> u64 {
        let intents = self.intents.iter().filter(|(_, intent)| is_of(intent, payment));
        intents.map(|(id, intent)| intent["amount_received"].as_u64().unwrap_or(0) - self.refunded(id)).sum()
    }

    pub(crate) fn of(&self, payment: &str) -> Vec<Value> {
        let all = self.intents.values().chain(self.sessions.values());
        all.filter(|object| is_of(object, payment)).cloned().collect()
    }

    fn tell(&mut self, kind: &str, object: &Value) {
        let id = self.id("evt");
        self.events.push(event(&id, kind, object));
    }
}

fn checked_amount(amount: &str) -> Result<u64, Answer> {
    match amount.parse() {
        Ok(amount) if amount < SMALLEST => Err(refused(400, "invalid_request_error", "amount_too_small")),
        Ok(amount) if amount > LARGEST => Err(refused(400, "invalid_request_error", "amount_too_large")),
        Ok(amount) => Ok(amount),
        Err(_) => Err(wrong_field("amount")),
    }
}

fn shown(object: Option<&Value>) -> Answer {
    object.map_or_else(missing, |object| (200, object.clone()))
}

fn is_of(object: &Value, payment: &str) -> bool {
    object["metadata"]["ticketing_payment"] == payment
}

fn awaits(intent: &Value, payment: &str) -> bool {
    intent["status"] == "requires_action" && is_of(intent, payment)
}
