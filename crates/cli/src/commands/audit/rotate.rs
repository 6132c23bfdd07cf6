//! `audit rotate`: old receipts moved into sealed files, and dropped when they are old enough.

use super::settings::read;
use super::when::age;
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::visible;
use countersign_enforcer::segments::{RotateError, Rotated, Rule};
use countersign_store::ledger::segments::{Segment, SegmentError};
use serde_json::{Value, json};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Receipts are sealed after so many days.
const DAYS: i64 = 30;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// So many receipts stay searchable in any case.
const LIVE: u64 = 100_000;

/// So many stand in one segment.
const SIZE: u64 = 10_000;

/// No segment has more.
const MOST: u64 = 50_000;

/// Move old receipts into sealed segments, and drop the segments that are old enough.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign audit rotate\n  \
    countersign audit rotate --older-than 90d --keep 2555d\n\n\
    Defaults are those of [segments] in config.toml. Nothing is dropped without --keep, and nothing \
    while a hold stands. A segment is a bundle: `countersign audit verify FILE --trust FILE` checks \
    it alone. The newest receipt is never sealed.")]
pub(crate) struct Rotate {
    /// Seal what is older: 30d, 8h, 0s [default: `older`, else 30d]
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<i64>,

    /// And whatever its age, all but so many of the newest [default: `live`, else 100000]
    #[arg(long, value_name = "N")]
    live: Option<u64>,

    /// At most so many receipts in one segment [default: `size`, else 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST))]
    size: Option<u64>,

    /// Drop segments whose newest receipt is older [default: `keep`, else never]
    #[arg(long, value_name = "AGE", value_parser = age)]
    keep: Option<i64>,
}

impl Rotate {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let settings = Settings::of(&here.root)?;
        let size = self.size.or(settings.size).unwrap_or(SIZE).clamp(1, MOST);
        let rule = Rule {
            older_millis: self.older_than.or(settings.older).unwrap_or(DAYS * DAY),
            live: self.live.or(settings.live).unwrap_or(LIVE),
            size: usize::try_from(size).unwrap_or(usize::MAX),
            keep_millis: self.keep.or(settings.keep),
        };
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let rotated = enforcer.rotate(&rule).await?;
        let list = |segments: &[Segment]| segments.iter().map(named).collect::<Vec<_>>();
        let mut document =
            json!({"sealed": list(&rotated.sealed), "dropped": list(&rotated.dropped)});
        if let (Some(members), Some(held)) = (document.as_object_mut(), &rotated.held) {
            members.insert("held".to_owned(), held.as_str().into());
        }
        here.output.result(&words(&rotated), &document)?;
        Ok(Exit::Ok)
    }
}

fn named(segment: &Segment) -> Value {
    json!({"file": format!("segments/{}", segment.file_name()), "first": segment.first,
        "last": segment.last, "sha256": segment.sha256})
}

fn words(rotated: &Rotated) -> String {
    let line = |what: &str, one: &Segment| {
        format!("{what} receipts {} to {}: segments/{}", one.first, one.last, one.file_name())
    };
    let sealed = rotated.sealed.iter().map(|one| line("sealed", one));
    let dropped = rotated.dropped.iter().map(|one| line("dropped", one));
    let held = rotated
        .held
        .iter()
        .map(|name| format!("nothing was dropped: the hold `{}` forbids it", visible(name, false)));
    let lines: Vec<String> = sealed.chain(dropped).chain(held).collect();
    if lines.is_empty() { "nothing is old enough".to_owned() } else { lines.join("\n") }
}

/// The part `[segments]` of the home's `config.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Settings {
    older: Option<i64>,
    live: Option<u64>,
    size: Option<u64>,
    keep: Option<i64>,
}

impl Settings {
    /// Reads them. A word that is not known is refused: it may be a mistyped one that is.
    fn of(root: &Path) -> Result<Self, Failure> {
        let path = root.join("config.toml");
        let bad = |why: String| {
            let message = format!("`{}`: {why}", path.display());
            Failure::new(Exit::Usage, "config", message).hint(
                "[segments] takes older = \"30d\", live = 100000, size = 10000, keep = \"400d\"",
            )
        };
        match read(&path) {
            Ok(text) => Self::parse(&text).map_err(bad),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(bad(e.to_string())),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table = DeTable::parse(text).map_err(|e| e.message().to_owned())?;
        let mut settings = Self::default();
        let Some(segments) = table.get_ref().get("segments") else { return Ok(settings) };
        let DeValue::Table(segments) = segments.get_ref() else {
            return Err("`segments` is no table".to_owned());
        };
        for (name, value) in segments {
            let (name, value) = (name.get_ref().as_ref(), value.get_ref());
            match name {
                "older" => settings.older = Some(of_age(name, value)?),
                "keep" => settings.keep = Some(of_age(name, value)?),
                "live" => settings.live = Some(of_count(name, value)?),
                "size" => settings.size = Some(of_count(name, value)?),
                other => return Err(format!("no setting `segments.{}`", visible(other, false))),
            }
        }
        Ok(settings)
    }
}

fn of_age(name: &str, value: &DeValue<'_>) -> Result<i64, String> {
    let DeValue::String(text) = value else { return Err(format!("`segments.{name}` is no text")) };
    age(text)
}

fn of_count(name: &str, value: &DeValue<'_>) -> Result<u64, String> {
    let wrong = || format!("`segments.{name}` is no count");
    let DeValue::Integer(number) = value else { return Err(wrong()) };
    number.to_string().parse().map_err(|_| wrong())
}

impl From<RotateError> for Failure {
    fn from(error: RotateError) -> Self {
        let message = error.to_string();
        match error {
            RotateError::Home(error) => error.into(),
            RotateError::File(error) => error.into(),
            RotateError::Store(error) | RotateError::Segment(SegmentError::Store(error)) => {
                error.into()
            }
            RotateError::Gate(error) => error.into(),
            RotateError::Daily(error) => error.into(),
            RotateError::Bundle(_) => Self::new(Exit::Failed, "segment", message)
                .hint("the ledger holds something that no segment can; please report it"),
            RotateError::Segment(SegmentError::Changed(_)) => {
                Self::new(Exit::Failed, "segment", message).hint("try again")
            }
            RotateError::Segment(_) => Self::new(Exit::Failed, "segment", message)
                .hint("`countersign audit hold list` names the holds"),
            RotateError::Unsound { .. } => Self::new(Exit::Verification, "unsound", message)
                .hint("nothing of it was moved; `countersign audit verify` says what is wrong"),
            RotateError::Behind(_) => Self::new(Exit::Failed, "behind", message).hint(
                "run `countersign audit ship`, or remove its file in `ship/` where nobody collects \
                 any more",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_strictly() {
        let text = "[ship]\nto = \"x\"\n[segments]\nolder = \"90d\"\nlive = 5\nkeep = \"400d\"\n";
        let settings = Settings::parse(text).unwrap();
        assert_eq!((settings.older, settings.live), (Some(90 * DAY), Some(5)));
        assert_eq!((settings.size, settings.keep), (None, Some(400 * DAY)));
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        for bad in ["older = 1", "keep = \"soon\"", "live = -1", "live = \"5\"", "kept = \"1d\""] {
            assert!(Settings::parse(&format!("[segments]\n{bad}")).is_err(), "{bad}");
        }
        assert!(Settings::parse("segments = 1").is_err());
    }
}
