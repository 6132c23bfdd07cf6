//! Where the parts of a JSON text stand, to the byte.
//!
//! The text was found to be strict JSON before: where it is not, parts are missing here, and none
//! is made up.

use std::ops::Range;

/// A member of an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Member {
    /// Its name, read.
    pub(super) name: String,
    /// From the name to the end of the value.
    pub(super) at: Range<usize>,
    /// The value.
    pub(super) value: Range<usize>,
}

/// The members of an object, in order; none where it is no object.
pub(super) fn members(text: &str, object: &Range<usize>) -> Vec<Member> {
    let mut scan = Scan { bytes: text.as_bytes(), at: object.start };
    let mut found = Vec::new();
    if scan.byte() != Some(b'{') {
        return found;
    }
    scan.at += 1;
    while let Some(member) = scan.member(text) {
        found.push(member);
    }
    found
}

/// The elements of an array, in order; none where it is no array.
pub(super) fn elements(text: &str, array: &Range<usize>) -> Vec<Range<usize>> {
    let mut scan = Scan { bytes: text.as_bytes(), at: array.start };
    let mut found = Vec::new();
    if scan.byte() != Some(b'[') {
        return found;
    }
    scan.at += 1;
    while let Some(element) = scan.element() {
        found.push(element);
    }
    found
}

/// The value that begins at or after a place, without the space around it.
pub(super) fn value(text: &str, from: usize) -> Option<Range<usize>> {
    Scan { bytes: text.as_bytes(), at: from }.element()
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, also: u8) {
        while self.byte().is_some_and(|b| b.is_ascii_whitespace() || b == also) {
            self.at += 1;
        }
    }

    fn member(&mut self, text: &str) -> Option<Member> {
        let name = self.element()?;
        self.skip(b':');
        let value = self.element()?;
        let name_text = serde_json::from_str(text.get(name.clone())?).ok()?;
        Some(Member { name: name_text, at: name.start..value.end, value })
    }

    fn element(&mut self) -> Option<Range<usize>> {
        self.skip(b',');
        let start = self.at;
        match self.byte()? {
            b'}' | b']' => return None,
            b'"' => self.string(),
            b'{' | b'[' => self.nested(),
            _ => self.scalar(),
        }
        (self.at > start).then_some(start..self.at)
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    fn nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
    }

    fn scalar(&mut self) {
        let ends = |b: u8| b.is_ascii_whitespace() || matches!(b, b',' | b'}' | b']' | b':');
        while self.byte().is_some_and(|b| !ends(b)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_to_the_byte() {
        let text = r#" { "a" : [1, "]\"" , {"x":2}] ,"b\u0041":null}"#;
        let root = value(text, 0).unwrap();
        let members = members(text, &root);
        let shown: Vec<_> =
            members.iter().map(|m| (m.name.as_str(), &text[m.value.clone()])).collect();
        assert_eq!(shown, [("a", r#"[1, "]\"" , {"x":2}]"#), ("bA", "null")]);
        let inner = elements(text, &members[0].value);
        let shown: Vec<_> = inner.iter().map(|e| &text[e.clone()]).collect();
        assert_eq!(shown, ["1", r#""]\"""#, r#"{"x":2}"#]);
        assert!(elements(text, &root).is_empty() && super::members(text, &inner[0]).is_empty());
    }

    #[test]
    fn what_is_no_json_ends_without_a_part() {
        for text in ["", "{", "[", "{\"", "[\"\\", "{:", "[,,", "{\"a\"", "}", "[1", "\u{e9}"] {
            let whole = 0..text.len();
            let _ = (members(text, &whole), elements(text, &whole), value(text, 0));
        }
    }
}
