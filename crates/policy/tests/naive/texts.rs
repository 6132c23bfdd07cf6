//! Patterns and numbers, by the letter.

/// `*` is any run, `?` one character.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    glob_chars(&pattern, &name)
}

fn glob_chars(pattern: &[char], name: &[char]) -> bool {
    match pattern.first() {
        None => name.is_empty(),
        Some('*') => (0..=name.len()).any(|n| glob_chars(&pattern[1..], &name[n..])),
        Some('?') => !name.is_empty() && glob_chars(&pattern[1..], &name[1..]),
        Some(c) => name.first() == Some(c) && glob_chars(&pattern[1..], &name[1..]),
    }
}

/// Label by label, from the end.
pub(crate) fn host(pattern: &str, host: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let host = host.to_lowercase();
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(&host).split('.').collect();
    let wanted: Vec<&str> = pattern.split('.').collect();
    match wanted.split_first() {
        Some((&"*", rest)) => {
            labels.len() > rest.len()
                && labels[labels.len() - rest.len()..] == *rest
                && labels.iter().any(|label| !label.is_empty())
        }
        _ => labels == wanted,
    }
}

/// The expressions of the generator: a text, at most anchored at either end.
pub(crate) fn regex(expression: &str, text: &str) -> bool {
    let (start, rest) = match expression.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, expression),
    };
    let (end, rest) = match rest.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    match (start, end) {
        (true, true) => text == rest,
        (true, false) => text.starts_with(rest),
        (false, true) => text.ends_with(rest),
        (false, false) => text.contains(rest),
    }
}

/// Minus one, zero or one, by writing both numbers out in full.
pub(crate) fn order(left: &serde_json::Number, right: &serde_json::Number) -> i32 {
    let (left, right) = (Long::of(&left.to_string()), Long::of(&right.to_string()));
    let size = |long: &Long| {
        let width = 400 - long.whole.len();
        format!("{}{}.{}", "0".repeat(width), long.whole, long.rest)
    };
    let by_size = size(&left).cmp(&size(&right)) as i32;
    match (left.minus, right.minus) {
        (false, true) => 1,
        (true, false) => -1,
        (true, true) => -by_size,
        (false, false) => by_size,
    }
}

struct Long {
    minus: bool,
    whole: String,
    rest: String,
}

impl Long {
    fn of(text: &str) -> Self {
        let (minus, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.trim_start_matches('+').parse().unwrap();
        let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
        let (mut whole, mut rest) = (whole.to_owned(), rest.to_owned());
        for _ in 0..exponent {
            whole.push(if rest.is_empty() { '0' } else { rest.remove(0) });
        }
        for _ in exponent..0 {
            rest.insert(0, whole.pop().unwrap_or('0'));
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let rest = rest.trim_end_matches('0').to_owned();
        // Zero has no sign.
        let minus = minus && !(whole.is_empty() && rest.is_empty());
        Self { minus, whole, rest }
    }
}

/// Equal for equal numbers.
pub(crate) fn spelling(number: &serde_json::Number) -> String {
    let long = Long::of(&number.to_string());
    format!("{}{}.{}", if long.minus { "-" } else { "" }, long.whole, long.rest)
}
