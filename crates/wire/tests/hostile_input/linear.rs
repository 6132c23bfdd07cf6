//! Ten megabytes through the reader and the writer themselves, which no limit spares the work.
//!
//! At this size a step that looks again at what was read before does not end within the runner's
//! time, so ending is what is asserted, and the answer.

use countersign_core::json::{JsonError, canonical, parse};
use std::fmt::Write as _;

const BYTES: usize = 10 * 1024 * 1024;
/// Many small things take longer than few large ones.
const ITEMS: usize = 100_000;

/// The canonical length, or the name of the refusal.
fn answer(text: &str) -> Result<usize, String> {
    let name = |error: JsonError| {
        let debug = format!("{error:?}");
        assert!(error.to_string().chars().count() <= 300);
        debug.chars().take_while(char::is_ascii_alphanumeric).collect::<String>()
    };
    let value = parse(text.as_bytes(), usize::MAX).map_err(name)?;
    canonical(&value).map(|bytes| bytes.len()).map_err(name)
}

fn members(mut key: impl FnMut(usize) -> String, count: usize) -> String {
    let mut text = String::from("{");
    for n in 0..count {
        write!(text, "{}\"{}\":{n}", if n == 0 { "" } else { "," }, key(n)).unwrap();
    }
    text + "}"
}

#[test]
fn numbers_of_ten_megabytes_are_answered() {
    let digits = |digit: &str| digit.repeat(BYTES);
    assert_eq!(answer(&digits("7")), Err("Number".into()));
    assert_eq!(answer(&format!("0.{}", digits("3"))), Err("Number".into()));
    assert_eq!(answer(&format!("1.{}", digits("0"))), Ok(1));
    assert_eq!(answer(&format!("0.{}1", digits("0"))), Err("Number".into()));
    assert_eq!(answer(&format!("1e{}", digits("9"))), Err("Number".into()));
    assert_eq!(answer(&format!("1e-{}", digits("9"))), Err("Number".into()));
    assert_eq!(answer(&format!("-0e{}", digits("0"))), Ok(1));
    assert_eq!(answer(&format!("1{}e-60000", "0".repeat(60_000))), Ok(1));
    // The standard library caps powers of ten, so this one, which is exact, is refused: closed.
    assert_eq!(answer(&format!("1{}e-{BYTES}", digits("0"))), Err("Number".into()));
}

#[test]
fn texts_of_ten_megabytes_are_answered_by_the_reader() {
    let filled = |piece: &str| piece.repeat(BYTES / piece.len());
    assert_eq!(answer(&format!("\"{}\"", filled("a"))), Ok(BYTES + 2));
    assert!(answer(&format!("\"{}\"", filled("\\u00e9"))).is_ok());
    assert!(answer(&format!("\"{}\"", filled("\\ud83d\\ude00"))).is_ok());
    assert_eq!(answer(&format!("{{\"{}\":1}}", filled("k"))), Ok(BYTES + 6));
    assert_eq!(answer(&format!("\"{}", filled("a"))), Err("Syntax".into()));
    assert_eq!(answer(&filled("[")), Err("TooDeep".into()));
    assert_eq!(answer(&filled("{\"a\":")), Err("TooDeep".into()));
    assert_eq!(answer(&filled(" ")), Err("Syntax".into()));
}

#[test]
fn a_hundred_thousand_items_are_answered() {
    assert!(answer(&format!("[{}0]", "0,".repeat(ITEMS))).is_ok());
    assert!(answer(&format!("[{}0]", "[],".repeat(ITEMS))).is_ok());
    assert!(answer(&format!("[{}0]", "{\"b\":1,\"a\":2},".repeat(ITEMS))).is_ok());
    assert!(answer(&members(|n| format!("{n:08}"), ITEMS)).is_ok());
    assert!(answer(&members(|n| format!("{:08}", ITEMS - n), ITEMS)).is_ok());
    let astral = |n: usize| format!("\u{10000}{n}");
    assert!(answer(&members(astral, ITEMS)).is_ok());
    let twice = |n: usize| format!("{:08}", n % (ITEMS - 1));
    assert_eq!(answer(&members(twice, ITEMS)), Err("DuplicateKey".into()));
}

#[test]
fn long_keys_that_share_their_beginning_are_answered() {
    let shared = "k".repeat(10_000);
    let keys = |n: usize| format!("{shared}{:04}", 1_000 - n);
    assert!(answer(&members(keys, 1_000)).is_ok());
}
