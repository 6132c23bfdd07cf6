//! Paths to parts of an action: `amount_usd`, `args.items[0].price`.

use super::words::{WEEKDAYS, nearest};
use crate::condition::{FieldPath, Step};

/// The longest path, in bytes, and the highest index.
const MAX_PATH: usize = 256;
const MAX_INDEX: usize = 100_000;

/// First words that name one plain value: nothing lies below them.
const PLAIN: [&str; 15] = [
    "cwd", "method", "url", "tool", "server", "host", "subject", "agent", "session", "workflow",
    "account", "kind", "verb", "risk", "time",
];

/// First words that are no part of what an action holds, or by which rules know it.
const SHOWN: [&str; 14] = [
    "tool", "server", "host", "subject", "agent", "session", "workflow", "account", "context",
    "kind", "verb", "risk", "time", "weekday",
];

/// Reads a path.
pub(super) fn parse(text: &str) -> Result<FieldPath, String> {
    let field = steps(text)?;
    sensible(text, &field.steps)?;
    if let [Step::Key(first), Step::Key(_), ..] = field.steps.as_slice()
        && first == "argv"
    {
        return Err(format!("`{text}` is no path: `argv` is a list, so write `argv[1]`"));
    }
    Ok(field)
}

/// Reads a path to something that is hidden. `argv.NAME` are the words of the option `--NAME`.
pub(super) fn parse_hidden(text: &str) -> Result<FieldPath, String> {
    let field = steps(text)?;
    sensible(text, &field.steps)?;
    match field.steps.as_slice() {
        [Step::Key(first), ..] if SHOWN.contains(&first.as_str()) => Err(format!(
            "`{first}` cannot be hidden: name a part of the action, such as `args.body`"
        )),
        [Step::Key(first), Step::Index(0), ..] if first == "argv" => {
            Err("`argv[0]` is the program's name and cannot be hidden".into())
        }
        [Step::Key(first), _, _, ..] if first == "argv" => {
            Err(format!("`{text}` is no path: below `argv` stand words"))
        }
        _ => Ok(field),
    }
}

fn steps(text: &str) -> Result<FieldPath, String> {
    let example = "a path is like `amount` or `args.items[0].price`";
    if text.len() > MAX_PATH {
        return Err(format!("a path is at most {MAX_PATH} bytes"));
    }
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        if key.is_empty() || !key.chars().all(|c| c.is_alphanumeric() || "_-$@".contains(c)) {
            return Err(format!("`{text}` is no path: {example}"));
        }
        steps.push(Step::Key(key.to_owned()));
        steps.extend(read_indices(indices).ok_or_else(|| {
            format!("`{text}` is no path: an index is a number in brackets, from 0 to {MAX_INDEX}")
        })?);
    }
    Ok(FieldPath { text: text.to_owned(), steps })
}

fn read_indices(text: &str) -> Option<Vec<Step>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let index = |digits: &str| {
        let plain = digits == "0" || !digits.starts_with('0');
        let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let index = digits.parse().ok().filter(|index| plain && all && *index <= MAX_INDEX);
        index.map(Step::Index)
    };
    inner.split("][").map(index).collect()
}

fn sensible(text: &str, steps: &[Step]) -> Result<(), String> {
    let (Some(Step::Key(first)), below) = (steps.first(), steps.get(1)) else { return Ok(()) };
    let plain = PLAIN.contains(&first.as_str()) || first == "weekday";
    match below {
        Some(_) if plain => Err(format!("`{text}` is no path: `{first}` is one value")),
        _ => Ok(()),
    }
}

/// Whether a text can be the value of a field that we ourselves write, or what to do.
pub(super) fn possible(field: &FieldPath, value: &str) -> Result<(), String> {
    let of = |known: &[&str]| match known.contains(&value) {
        true => Ok(()),
        false => {
            Err(nearest(value, known).unwrap_or_else(|| format!("known: {}", known.join(", "))))
        }
    };
    match field.text.as_str() {
        "risk" => of(&super::words::RISKS.map(|(word, _)| word)),
        "weekday" => of(&WEEKDAYS),
        "time" if !is_time(value) => {
            Err("a time is `HH:MM`, from `00:00` to `23:59`, in UTC".into())
        }
        "verb" => super::words::verb(value).map(|_| ()),
        _ => Ok(()),
    }
}

fn is_time(text: &str) -> bool {
    let Some((hour, minute)) = text.split_once(':') else { return false };
    let two = |part: &str, most: u8| {
        part.len() == 2
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|number| number <= most)
    };
    two(hour, 23) && two(minute, 59)
}
