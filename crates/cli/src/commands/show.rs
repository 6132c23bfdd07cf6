//! `show`: one request whole.

use super::Here;
use super::inbox::opened;
use crate::args::PassphraseArgs;
use crate::failure::{Exit, Failure, Outcome};
use crate::reviewer;
use crate::tty::columns;
use countersign_approver::history::Past;
use countersign_approver::{Review, render_so_far, render_text};
use countersign_core::progress::SoFar;
use serde::Serialize;

/// Show one request whole: every argument, file and variable, and what is unusual about it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign show 01KAH")]
pub(crate) struct Show {
    /// The request's id; may be shortened while unique
    id: String,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Show {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let desks = reviewer::desks(here, &self.passphrase)?;
        let items = match reviewer::waiting(here, &desks).await {
            Ok(items) => items,
            // What is over needs no gateway. What may still wait does: it is not shown as if it were.
            Err(failure) => return self.kept(here, failure, reviewer::is_over),
        };
        match reviewer::choose(here, &items, &self.id) {
            Ok((_, item)) => self.print(here, &Review::of(opened(item)?), item.so_far.as_ref()),
            Err(failure) => self.kept(here, failure, |_| true),
        }
    }

    /// What was, is shown too, as it was kept.
    fn kept(&self, here: &Here<'_>, failure: Failure, shows: fn(&Past) -> bool) -> Outcome {
        let past = reviewer::past(here, &self.id)?.filter(shows);
        match past.and_then(kept) {
            Some(review) => {
                here.output.progress(&format!("{}\n", failure.message));
                self.print(here, &review, None)
            }
            None => Err(failure),
        }
    }

    fn print(&self, here: &Here<'_>, review: &Review, so_far: Option<&SoFar>) -> Outcome {
        let text = page(here, review, so_far);
        here.output.result(text.trim_end(), &Shown { review, so_far })?;
        Ok(Exit::Ok)
    }
}

/// A review, and beside it how far the others are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    review: &'a Review,
    #[serde(skip_serializing_if = "Option::is_none")]
    so_far: Option<&'a SoFar>,
}

/// A review as it is read, and below it how far the others are.
pub(crate) fn page(here: &Here<'_>, review: &Review, so_far: Option<&SoFar>) -> String {
    let (width, color) = (width(), here.output.color());
    let told = so_far.map(|so_far| render_so_far(so_far, width, color)).unwrap_or_default();
    render_text(review, width, color) + &told
}

fn kept(past: Past) -> Option<Review> {
    let answered = past.answered.map(|answered| answered.review);
    answered.or(past.asked.map(|asked| asked.review))
}

/// Columns of the screen, or of a page where there is none.
pub(crate) fn width() -> usize {
    columns(std::io::stdout(), 100).clamp(40, 120)
}
