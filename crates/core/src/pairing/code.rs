//! The code that a person reads on one screen and types on another.

use super::PairError;
use crate::json::clip;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::fmt;

/// Crockford's base32: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Eight characters, 40 bits. It finds an enforcer that waits and proves nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Code(String);

impl Code {
    /// The code of five random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 5]) -> Self {
        let all = bytes.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let digit = |at: u32| ALPHABET.get((all >> (35 - 5 * at)) as usize & 31).copied();
        Self((0..8).filter_map(digit).map(char::from).collect())
    }

    /// Reads a code as a person types it: small letters, hyphens and spaces are forgiven, `O` is
    /// read as `0`, `I` and `L` as `1`.
    ///
    /// # Errors
    /// [`PairError::BadCode`].
    pub fn parse(text: &str) -> Result<Self, PairError> {
        let refuse = || PairError::BadCode(clip(text));
        let typed = text.chars().filter(|c| !matches!(c, '-' | ' '));
        let code: String = typed.take(9).map(normal).collect::<Option<_>>().ok_or_else(refuse)?;
        if code.len() == 8 { Ok(Self(code)) } else { Err(refuse()) }
    }

    /// The eight characters that are hashed and sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shown in two groups, `7K3M-Q9TD`.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(4).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let code = Self::parse(&text).map_err(D::Error::custom)?;
        if code.0 == text { Ok(code) } else { Err(D::Error::custom("code is not normal")) }
    }
}

fn normal(typed: char) -> Option<char> {
    let upper = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().copied().map(char::from).find(|c| *c == upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_fill_eight_characters() {
        assert_eq!(Code::from_random([0; 5]).as_str(), "00000000");
        assert_eq!(Code::from_random([255; 5]).as_str(), "ZZZZZZZZ");
        assert_eq!(Code::from_random([0, 0, 0, 0, 33]).as_str(), "00000011");
    }

    #[test]
    fn what_is_shown_can_be_typed_in_many_ways() {
        let code = Code::parse("7K3M-Q0T1").unwrap();
        assert_eq!(code.to_string(), "7K3M-Q0T1");
        for typed in ["7k3mq0t1", "7K3M QOTI", "7k3m-qotl", "7K-3M-Q0-T1"] {
            assert_eq!(Code::parse(typed).unwrap(), code, "{typed}");
        }
    }

    #[test]
    fn other_texts_are_no_code() {
        for bad in ["", "7K3M-Q9T", "7K3M-Q9TDX", "7K3M-Q9TU", "7K3M_Q9TD", "7K3M-Q9T\u{ff21}"] {
            assert!(matches!(Code::parse(bad), Err(PairError::BadCode(_))), "{bad}");
        }
    }
}
