//! A string as RFC 8785 writes it: in quotes, with the fewest escapes.

/// Eight bytes that are all `byte`.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Writes `text` with its quotes. Long runs without an escape are copied whole.
pub(super) fn write(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = first_escaped(rest) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, after)) = from.split_first() else { break };
        escape(out, *byte);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte stands that needs an escape.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(n * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    tail.iter().position(|b| needs_escape(*b)).map(|at| words.len() * 8 + at)
}

/// The high bit of each byte of `word` that needs an escape. A borrow may mark bytes above the
/// lowest one that does, so only the lowest mark says something.
fn marks(word: u64) -> u64 {
    let (ones, highs) = (all(0x01), all(0x80));
    let below = |n: u64| word.wrapping_sub(ones * n) & !word;
    let equals = |byte: u8| {
        let zero = word ^ all(byte);
        zero.wrapping_sub(ones) & !zero
    };
    (below(0x20) | equals(b'"') | equals(b'\\')) & highs
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            let digit = |n: u8| char::from_digit(u32::from(n), 16).map_or(b'0', |c| c as u8);
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_byte_at_every_place_of_a_word_is_written_as_serde_json_writes_it() {
        for place in 0..17 {
            for byte in 0..=0x7f_u8 {
                let text = format!("{}{}tail of it", "\u{7f}".repeat(place), char::from(byte));
                assert_eq!(written(&text), serde_json::to_string(&text).unwrap(), "{byte:#x}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(text in any::<String>()) {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
