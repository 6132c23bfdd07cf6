//! A word that must not be found, in any spelling in which it could hide.

use countersign_core::encoding::{Hash, base64};

/// Every spelling of `canary` that a plain search would find: itself, its hexadecimal and base64
/// forms at each alignment, and its unsalted SHA-256.
#[must_use]
pub fn spellings(canary: &str) -> Vec<(&'static str, Vec<u8>)> {
    let hash = Hash::of(canary.as_bytes());
    let mut all = vec![("plain", canary.as_bytes().to_vec())];
    all.extend(coded(canary.as_bytes(), ["hex", "upper hex", "base64", "base64url"]));
    let hashed = ["sha-256 hex", "sha-256 upper hex", "sha-256 base64", "sha-256 base64url"];
    all.push(("sha-256", hash.0.to_vec()));
    all.extend(coded(&hash.0, hashed));
    all
}

/// The spelling in which `canary` stands somewhere in `bytes`.
#[must_use]
pub fn find(bytes: &[u8], canary: &str) -> Option<&'static str> {
    let holds = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    spellings(canary).into_iter().find(|(_, text)| holds(text)).map(|(name, _)| name)
}

fn coded(bytes: &[u8], [low, up, plus, url]: [&'static str; 4]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all =
        vec![(low, hex::encode(bytes).into_bytes()), (up, hex::encode_upper(bytes).into_bytes())];
    for shift in 0..3 {
        let text = aligned(bytes, shift);
        all.push((plus, text.replace('-', "+").replace('_', "/").into_bytes()));
        all.push((url, text.into_bytes()));
    }
    all
}

/// The characters of the base64 of `..bytes..` that depend on nothing around it, where `shift`
/// bytes of a group stand in front.
fn aligned(bytes: &[u8], shift: usize) -> String {
    let mut padded = vec![0; shift];
    padded.extend(bytes);
    let text = base64(&padded);
    let (from, to) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
    text.chars().take(to).skip(from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-4711-sings";

    #[test]
    fn every_spelling_is_found_wherever_it_stands() {
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{CANARY}~?>tail");
            let url = base64(text.as_bytes());
            let plain = url.replace('-', "+").replace('_', "/");
            let forms = [text.clone(), url, plain, hex::encode(&text), hex::encode_upper(&text)];
            for form in forms {
                assert!(find(form.as_bytes(), CANARY).is_some(), "{form}");
            }
        }
        let hash = Hash::of(CANARY.as_bytes());
        for form in [hash.0.to_vec(), hash.to_string().into_bytes(), base64(&hash.0).into_bytes()] {
            assert!(find(&form, CANARY).is_some());
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(find(b"canary-4711-sing", CANARY), None);
        assert_eq!(find(b"", CANARY), None);
        assert_eq!(find(&[0; 4096], CANARY), None);
    }
}
