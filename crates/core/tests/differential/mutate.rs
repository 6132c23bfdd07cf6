//! Valid texts, damaged: at the level of bytes, and at the level of members.

use serde_json::Value;

/// Chance that is the same in every run (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T, const N: usize>(&mut self, from: &'a [T; N]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }
}

/// Pieces on which parsers have differed.
const PIECES: [&[u8]; 26] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"null",
    b"true",
    b"-",
    b"0",
    b"1e400",
    b"1.0",
    b".5",
    b"e5",
    b"9007199254740993",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\r",
    b"\0",
    b"\xe2\x80\xa8",
    b"__proto__",
];

/// One to three edits of bytes.
pub(crate) fn damaged(text: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(text.len());
        match chance.below(5) {
            0 if !text.is_empty() => text[at] ^= 1 << chance.below(8),
            1 if !text.is_empty() => drop(text.remove(at)),
            2 => text.truncate(at),
            3 => {
                let end = (at + chance.below(40)).min(text.len());
                let again = text[at..end].to_vec();
                drop(text.splice(at..at, again));
            }
            _ => drop(text.splice(at..at, chance.pick(&PIECES).to_vec())),
        }
    }
    text
}

/// One edit of a member or an item, somewhere inside: the text stays JSON.
pub(crate) fn misshapen(value: &Value, chance: &mut Chance) -> Value {
    let mut value = value.clone();
    let mut here = &mut value;
    loop {
        let deeper = match here {
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            _ => false,
        };
        if !deeper || chance.one_in(3) {
            break;
        }
        here = match here {
            Value::Array(items) => {
                let at = chance.below(items.len());
                &mut items[at]
            }
            Value::Object(members) => {
                let at = chance.below(members.len());
                members.values_mut().nth(at).unwrap()
            }
            _ => unreachable!("only containers are entered"),
        };
    }
    edit(here, chance);
    value
}

fn edit(here: &mut Value, chance: &mut Chance) {
    match (chance.below(4), &mut *here) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(chance.below(members.len())).unwrap().clone();
            members.remove(&name);
        }
        (1, Value::Object(members)) => {
            let name =
                *chance.pick(&["extra", "__proto__", "toJSON", "verb", "notes", "", "sessionId"]);
            members.insert(name.into(), other(chance));
        }
        // A struct as the list of its values is no second form of it.
        (2, Value::Object(members)) => *here = members.values().cloned().collect(),
        (0 | 1, Value::Array(items)) => items.push(other(chance)),
        (2, Value::Array(items)) => items.clear(),
        (0, Value::String(text)) => text.push('x'),
        (1, Value::String(text)) => *text = text.to_uppercase(),
        (2, Value::String(text)) => *here = serde_json::json!({text.as_str(): null}),
        _ => *here = other(chance),
    }
}

fn other(chance: &mut Chance) -> Value {
    let texts = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "4294967296",
        "1e300",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "[[]]",
        "{\"_sd\":\"0\"}",
        "\"2026-02-21T12:00:00Z\"",
        "\"SHA-256\"",
        "\"once\"",
        "2",
    ];
    let text = *chance.pick(&texts);
    serde_json::from_str(text).unwrap()
}
