//! The inbox on a terminal: what waits is listed, read and answered on one screen.
//!
//! `update` is a pure function of what the screen knows and of what happened; `view` draws what it
//! knows. Whatever signs, sends, listens or reads a clock is at the edge.
//!
//! # Rooms
//! * [`model`], [`list`], [`past`], [`reading`], [`page`], [`input`], [`terms`]: what the screen
//!   knows.
//! * [`event`]: what happens to it, and what it wants done.
//! * [`mod@update`]: the next state; [`mod@view`]: its picture.
//! * [`effects`]: what is done; [`terminal`]: where it is shown.

mod effects;
mod event;
#[cfg(test)]
mod fixture;
mod input;
mod list;
mod model;
mod page;
mod past;
mod reading;
mod terminal;
mod terms;
mod update;
mod view;

use crate::commands::{Here, asked_to_end};
use crate::failure::{Exit, Failure, Outcome};
use crate::reviewer;
use countersign_approver::Desk;
use countersign_client::Client;
use countersign_core::display::visible;
use countersign_enforcer::Edge;
use effects::Runner;
use event::Event;
use model::{Model, in_words};
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};
use terminal::{Held, Screen};
use tokio::sync::mpsc::{Receiver, channel};

/// Events that wait to be looked at.
const QUEUE: usize = 256;

/// How often the screen looks at the clock; while an answer can be taken back, more often.
const TICK: Duration = Duration::from_secs(1);
const SHORT_TICK: Duration = Duration::from_millis(200);

/// Whether there is somebody to show a screen to: a terminal on both sides that can draw one.
pub(crate) fn wanted(here: &Here<'_>) -> bool {
    let is_plain = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    is_terminal && !is_plain && !here.output.is_json()
}

/// Shows the screen until the person leaves it.
pub(crate) async fn run(here: &Here<'_>, desks: Vec<Desk<Client>>) -> Outcome {
    let home = reviewer::home(here)?;
    let names = desks.iter().map(|desk| desk.pairing().name.to_string()).collect();
    let mut model = Model::new(names, Edge::system().now(), here.output.color());
    let (sender, events) = channel(QUEUE);
    let mut runner = Runner::new(desks, home, sender.clone());
    let shown = {
        let (held, mut screen) = Held::take(sender).map_err(|e| failed(&e))?;
        let shown = show(&mut model, &mut screen, events, &mut runner).await;
        drop(held);
        shown
    };
    for pending in &model.pending {
        let (words, id) = (in_words(&pending.reply), visible(&pending.id.request, false));
        here.output.progress(&format!("left before it was signed: {words} {id}"));
    }
    runner.end().await;
    shown.map(|()| Exit::Ok)
}

async fn show(
    model: &mut Model,
    screen: &mut Screen,
    mut events: Receiver<Event>,
    runner: &mut Runner,
) -> Result<(), Failure> {
    let (start, clock) = (Instant::now(), Edge::system());
    update::start(model).into_iter().for_each(|effect| runner.run(effect));
    let ended = asked_to_end();
    tokio::pin!(ended);
    while !model.over {
        draw(model, screen).map_err(|e| failed(&e))?;
        let tick = if model.pending.is_empty() { TICK } else { SHORT_TICK };
        let first = tokio::select! {
            event = events.recv() => event,
            () = tokio::time::sleep(tick) => None,
            () = &mut ended => return Ok(()),
        };
        // Everything that came by now is looked at before the next picture.
        let more = std::iter::from_fn(|| events.try_recv().ok()).take(QUEUE);
        let all: Vec<Event> = first.into_iter().chain(more).collect();
        let tick = || Event::Tick { now: clock.now(), up: start.elapsed() };
        for event in std::iter::once(tick()).chain(all) {
            for effect in update::update(model, event) {
                runner.run(effect);
            }
            if model.over {
                break;
            }
        }
        if runner.panicked() {
            return Err(Failure::new(Exit::Failed, "inbox", "a part of the screen ended"));
        }
    }
    Ok(())
}

/// Draws on a screen of the size that it has now.
fn draw(model: &mut Model, screen: &mut Screen) -> std::io::Result<()> {
    let size = screen.size()?;
    if (size.width, size.height) != (model.columns, model.rows) {
        let (columns, rows) = (size.width, size.height);
        update::update(model, Event::Resize { columns, rows });
    }
    screen.draw(|frame| view::view(model, frame)).map(|_| ())
}

fn failed(error: &std::io::Error) -> Failure {
    let message = format!("the terminal cannot be used: {error}");
    Failure::new(Exit::Failed, "no_terminal", message)
        .hint("`countersign inbox | cat` lists without a screen")
}
