use super::*;
use proptest::prelude::*;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn canonical(value: &impl Serialize) -> Result<String, JsonError> {
    let canonical = Canonical::of(value, None)?;
    let (hash, bytes) = (canonical.sha256(), canonical.behind(&[]));
    assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(&bytes)), "hashed as it stands");
    Ok(String::from_utf8(bytes).unwrap())
}

/// The canonical bytes without the member `omitted`.
fn without(value: &impl Serialize) -> Vec<u8> {
    Canonical::of(value, Some("omitted")).unwrap().behind(&[])
}

/// The other way to the same bytes: a sorted tree, written by serde_json.
fn by_tree(value: &Value) -> String {
    struct Numbers;
    impl serde_json::ser::Formatter for Numbers {
        fn write_f64<W: ?Sized + std::io::Write>(
            &mut self,
            writer: &mut W,
            value: f64,
        ) -> std::io::Result<()> {
            writer.write_all(ryu_js::Buffer::new().format(value).as_bytes())
        }
    }
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Numbers);
    value.serialize(&mut serializer).unwrap();
    String::from_utf8(out).unwrap()
}

/// Pairs written as they come, as a struct's members are.
struct Pairs(Vec<(String, Value)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// A tree whose every object comes in the opposite order.
struct Turned<'a>(&'a Value);

impl Serialize for Turned<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => s.collect_seq(items.iter().map(Turned)),
            Value::Object(members) => {
                s.collect_map(members.iter().rev().map(|(key, value)| (key, Turned(value))))
            }
            leaf => leaf.serialize(s),
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = "[a-c\"\\\\\n\u{e9}\u{d7ff}]{0,3}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn writes_what_a_sorted_tree_writes(value in value()) {
        prop_assert_eq!(canonical(&value).unwrap(), by_tree(&value));
    }

    #[test]
    fn the_order_in_which_members_come_does_not_matter(
        map in prop::collection::btree_map("[a-c\"\\\\\u{1}]{0,3}", value(), 0..8),
        by in any::<prop::sample::Index>(),
    ) {
        let sorted: Vec<(String, Value)> = map.clone().into_iter().collect();
        let mut turned = sorted.clone();
        if !turned.is_empty() {
            turned.rotate_left(by.index(sorted.len()));
            turned.reverse();
        }
        let tree = by_tree(&Value::Object(map.into_iter().collect()));
        prop_assert_eq!(canonical(&Pairs(turned)).unwrap(), tree);
    }

    #[test]
    fn the_order_within_members_does_not_matter_either(value in value()) {
        prop_assert_eq!(canonical(&Turned(&value)).unwrap(), by_tree(&value));
        let around = Pairs(vec![("z".into(), Value::Null), ("omitted".into(), value.clone())]);
        prop_assert_eq!(without(&around), br#"{"z":null}"#);
    }

    #[test]
    fn an_omitted_member_leaves_nothing(
        map in prop::collection::btree_map("[a-c]{0,2}", value(), 0..8),
        place in 0..9_usize,
    ) {
        let mut pairs: Vec<(String, Value)> = map.clone().into_iter().rev().collect();
        let omitted = json!({"omitted": {"omitted": [1]}, "z": 0});
        pairs.insert(place.min(pairs.len()), ("omitted".into(), omitted));
        let written = without(&Pairs(pairs));
        let tree = by_tree(&Value::Object(map.into_iter().collect()));
        prop_assert_eq!(String::from_utf8(written).unwrap(), tree);
    }
}

#[derive(Serialize)]
struct Shapes {
    z: Option<u8>,
    unit: (),
    tuple: (i8, char),
    bytes: [u8; 2],
    a: Variants,
    b: Variants,
    c: Variants,
    d: Variants,
    #[serde(flatten)]
    more: BTreeMap<String, f32>,
}

#[derive(Serialize)]
enum Variants {
    Unit,
    Newtype(Box<Variants>),
    Tuple(u8, u8),
    Struct { y: u8, x: u8 },
}

#[test]
fn every_shape_of_serde_has_its_place() {
    let shapes = Shapes {
        z: None,
        unit: (),
        tuple: (-1, '"'),
        bytes: [1, 2],
        a: Variants::Unit,
        b: Variants::Newtype(Box::new(Variants::Unit)),
        c: Variants::Tuple(1, 2),
        d: Variants::Struct { y: 1, x: 2 },
        more: BTreeMap::from([("m".into(), 0.5)]),
    };
    let expected = r#"{"a":"Unit","b":{"Newtype":"Unit"},"bytes":[1,2],"c":{"Tuple":[1,2]},"d":{"Struct":{"x":2,"y":1}},"m":0.5,"tuple":[-1,"\""],"unit":null,"z":null}"#;
    assert_eq!(canonical(&shapes).unwrap(), expected);
    assert_eq!(by_tree(&serde_json::to_value(&shapes).unwrap()), expected);
}

#[test]
fn only_the_outermost_member_is_omitted() {
    let value = json!({"a": {"omitted": 1}, "omitted": 2});
    assert_eq!(without(&value), br#"{"a":{"omitted":1}}"#);
}

#[test]
fn attack_05_what_has_two_readings_is_not_written() {
    let pair = |key: &str| (key.to_owned(), Value::from(1));
    let twice = Pairs(vec![pair("b"), pair("a"), pair("b")]);
    assert_eq!(canonical(&twice), Err(JsonError::DuplicateKey("b".into())));
    let twice = Pairs(vec![pair("a"), pair("a")]);
    assert_eq!(canonical(&twice), Err(JsonError::DuplicateKey("a".into())));
    let clash = Pairs(vec![pair("\u{10000}"), pair("\u{e000}")]);
    assert!(matches!(canonical(&clash), Err(JsonError::KeyOrder(_))));
    assert!(canonical(&Pairs(vec![pair("\u{10000}"), pair("\u{d7ff}")])).is_ok());
    for number in [f64::NAN, f64::INFINITY] {
        assert!(matches!(canonical(&number), Err(JsonError::Number(_))));
    }
    for number in [(1 << 53) + 1, u64::MAX] {
        assert!(matches!(canonical(&number), Err(JsonError::Number(_))));
    }
    assert!(matches!(canonical(&i64::MIN), Err(JsonError::Number(_))));
    assert_eq!(canonical(&-(1_i64 << 53)).unwrap(), "-9007199254740992");
    assert!(matches!(canonical(&BTreeMap::from([(1, 2)])), Err(JsonError::Shape(_))));
}

#[test]
fn depth_is_counted_as_the_reader_counts_it() {
    let nest = |depth| {
        (0..depth).fold(
            json!(1),
            |inner, n| {
                if n % 2 == 0 { json!([inner]) } else { json!({"a": inner}) }
            },
        )
    };
    assert!(canonical(&nest(MAX_DEPTH)).is_ok());
    assert_eq!(canonical(&nest(MAX_DEPTH + 1)), Err(JsonError::TooDeep));
}

#[derive(Serialize, Clone)]
struct Leaf {
    y: u8,
    x: u8,
}

#[derive(Serialize)]
struct Nested {
    z: u8,
    inner: Option<Box<Nested>>,
    a: Vec<Leaf>,
}

#[test]
fn attack_26_many_unsorted_objects_side_by_side_and_inside_one_another_are_written_as_a_tree_is() {
    let many = vec![Leaf { y: 1, x: 2 }; 3_000];
    let mut nested = Nested { z: 0, inner: None, a: many.clone() };
    for z in 1..30 {
        nested = Nested { z, inner: Some(Box::new(nested)), a: many.clone() };
    }
    let tree = serde_json::to_value(&nested).unwrap();
    assert!(canonical(&nested).unwrap() == by_tree(&tree));
}

#[test]
fn keys_and_numbers_that_json_does_not_have_are_refused() {
    for refused in [
        canonical(&BTreeMap::from([(1, "a")])),
        canonical(&BTreeMap::from([(true, "a")])),
        canonical(&BTreeMap::from([(vec!["a"], "a")])),
        canonical(&1_u128),
        canonical(&-1_i128),
        canonical(&f64::NAN),
    ] {
        assert!(matches!(refused, Err(JsonError::Shape(_) | JsonError::Number(_))), "{refused:?}");
    }
}
