//! The passes of an order: a square for machines, and a code for people.

use leptos::prelude::*;
use qrcode::QrCode;
use qrcode::render::svg::Color;

use super::time::moment;

/// How many squares a page draws; the passes behind them have their codes.
const SQUARES: usize = 20;

/// A pass, which lets one person in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassView {
    /// Which place of the order, from 1.
    pub place: u32,
    /// What a person reads out: `K7M-4QX`.
    pub code: String,
    /// What is drawn as a square.
    pub token: String,
    /// Whether it still lets somebody in.
    pub state: PassState,
}

/// The state of a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PassState {
    /// It lets one person in.
    #[default]
    Good,
    /// Somebody was let in then: RFC 3339 in UTC.
    Used(String),
    /// It lets nobody in.
    Void,
}

pub(crate) fn passes(passes: Vec<PassView>) -> AnyView {
    let count = passes.len();
    let drawn = passes.into_iter().enumerate().map(|(index, pass)| one(pass, count, index < SQUARES)).collect_view();
    view! {
        <section class="passes" aria-labelledby="passes">
            <h2 class="subtitle" id="passes">"Your tickets"</h2>
            <p class="muted">"Each lets one person in, once. Show the square at the door, or read out the code."</p>
            {drawn}
        </section>
    }
    .into_any()
}

fn one(pass: PassView, count: usize, is_drawn: bool) -> AnyView {
    let square = (is_drawn && pass.state == PassState::Good).then(|| square(&pass)).flatten();
    view! {
        <article class="pass">
            <h3 class="pass-place">"Ticket " {pass.place} " of " {count}</h3>
            {square}
            <p class="pass-code">{pass.code}</p>
            {state(pass.state)}
        </article>
    }
    .into_any()
}

fn state(state: PassState) -> Option<AnyView> {
    match state {
        PassState::Good => None,
        PassState::Used(at) => Some(view! { <p class="muted">"Used at the door: " {moment(at)}</p> }.into_any()),
        PassState::Void => Some(view! { <p class="muted">"Void: it lets nobody in."</p> }.into_any()),
    }
}

/// The token as a picture; `None` if it is too long for one.
fn square(pass: &PassView) -> Option<AnyView> {
    let code = QrCode::new(&pass.token).ok()?;
    let image = code.render::<Color<'_>>().min_dimensions(200, 200).build();
    // A picture within a page has no declaration of its own.
    let image = image.split_once("?>").map_or(image.clone(), |(_, svg)| svg.to_owned());
    let label = format!("Square of ticket {}, with code {}", pass.place, pass.code);
    Some(view! { <div class="pass-square" role="img" aria-label=label inner_html=image></div> }.into_any())
}
