//! Artifacts: what is one, what its hashes are, and what is none.

use countersign_core::artifact::Artifact;
use serde_json::{Map, Value, json};

use super::object::{self, object};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(texts()?);
    vectors.extend(shapes()?);
    vectors.extend(extended()?);
    Ok(File {
        path: "artifact/artifacts.json",
        kind: "artifact",
        note: "Artifacts with the hash worked out of them, not the one that they claim; and texts that are none.",
        vectors,
    })
}

fn base() -> Made<Artifact> {
    object::artifact(&object::route()?)
}

fn good() -> Made<Vec<Vector>> {
    let tool = json!({"kind": "tool", "server": "https://bank.example", "tool": "transfer",
        "arguments": {"amount": 5, "to": ["é", null, -0.5]}});
    let command = json!({"kind": "command", "argv": ["rm", "-rf", "x"], "cwd": "/tmp", "env": {},
        "program": {"path": "/bin/rm", "sha256": "ab".repeat(32)}});
    let plan = json!({"kind": "plan", "steps": ["one", null], "n": 1e21});
    let with = |name, payload: Value, is_foreign| {
        let artifact = Artifact::build(base()?.head, object(payload))?;
        accepted(name, &artifact, is_foreign)
    };
    let mut claims = base()?;
    claims.head.artifact_hash.0.0 = [7; 32];
    let mut bare = base()?;
    (bare.head.extensions, bare.head.session_id) = (None, None);
    let mut described = base()?;
    described.head.metadata = Some(object(json!({"a": null, "\u{20ac}": 1})));
    described.head.base_revision = Some("main".into());
    let mut vectors = vec![
        accepted("request", &base()?, false)?,
        with("tool", tool, false)?,
        with("command", command, false)?,
        with("foreign-plan", plan, true)?,
        with("foreign-empty-payload", json!({}), true)?,
        with("foreign-action-with-a-member-more", extra(), true)?,
        accepted("claims-another-hash", &claims, false)?,
        accepted("no-extensions-no-session", &Artifact::build(bare.head, bare.payload)?, false)?,
        accepted("metadata-and-base-revision", &described, false)?,
    ];
    let spaced = object::text(&base()?)?.replace(",\"", " ,\r\n\"");
    let same = accepted("white-space-is-not-hashed", &base()?, false)?;
    vectors.push(same.with("text", spaced));
    Ok(vectors)
}

fn extra() -> Value {
    json!({"kind": "request", "action": "deploy", "parameters": {}, "x": 1})
}

fn accepted(name: &'static str, artifact: &Artifact, is_foreign: bool) -> Made<Vector> {
    Ok(Vector::new(name, "accepted")
        .with("text", object::text(artifact)?)
        .with("artifactHash", artifact.hash()?.to_string())
        .with("actionHash", artifact.action_hash()?.to_string())
        .with("foreign", is_foreign))
}

/// Texts that have no canonical form.
fn texts() -> Made<Vec<Vector>> {
    let good = object::text(&base()?)?;
    let inside = |payload: &str| good.replace("\"production\"", payload);
    let read = |name, expect, text: String| Vector::new(name, expect).with("text", text);
    let huge = json!({"text": "a", "times": 2_097_152, "before": "{\"a\":\"", "after": "\"}"});
    Ok(vec![
        read("empty", "Syntax", String::new()),
        read("truncated", "Syntax", good.get(..good.len() - 1).unwrap_or_default().to_owned()),
        read("trailing-data", "Syntax", format!("{good},")),
        read("byte-order-mark", "Syntax", format!("\u{feff}{good}")),
        read("lone-surrogate-in-the-payload", "Syntax", inside("\"\\ud800\"")),
        read("member-twice", "DuplicateKey", good.replacen('{', "{\"repoRef\":\"repo-1\",", 1)),
        read("member-of-the-payload-twice", "DuplicateKey", inside("1,\"to\":1")),
        read("number-that-rounds-in-the-payload", "Number", inside("9007199254740993")),
        read("infinite-number-in-the-payload", "Number", inside("1e400")),
        read(
            "ambiguous-order-in-the-payload",
            "KeyOrder",
            inside("{\"\\ue000\":1,\"\\ud800\\udc00\":2}"),
        ),
        // The payload and its parameters are the second and third level.
        read(
            "payload-too-deep",
            "TooDeep",
            inside(&format!("{}{}", "[".repeat(62), "]".repeat(62))),
        ),
        Vector::new("larger-than-two-mebibytes", "TooLarge").with("repeat", huge),
    ])
}

fn shapes() -> Made<Vec<Vector>> {
    let good = object(serde_json::to_value(base()?)?);
    let changes = [
        ("unknown-member", "extra", json!(1)),
        ("session-null", "sessionId", Value::Null),
        ("metadata-null", "metadata", Value::Null),
        ("metadata-as-text", "metadata", json!("x")),
        ("payload-as-list", "payload", json!([])),
        ("payload-as-text", "payload", json!("deploy")),
        ("type-of-the-gateway", "artifactType", json!("core.artifact")),
        ("type-in-capitals", "artifactType", json!("Command.Review")),
        ("hash-algorithm-weak", "artifactHashAlg", json!("SHA-1")),
        ("hash-algorithm-in-small-letters", "artifactHashAlg", json!("sha-256")),
        ("hash-in-capitals", "artifactHash", json!("AB".repeat(32))),
        ("hash-with-prefix", "artifactHash", json!(format!("sha256:{}", "ab".repeat(32)))),
        ("hash-too-long", "artifactHash", json!("ab".repeat(33))),
        ("made-yesterday", "createdAt", json!("yesterday")),
        ("made-without-offset", "createdAt", json!("2026-02-02T02:40:00")),
        ("made-with-a-space", "createdAt", json!("2026-02-02 02:40:00Z")),
        ("ends-as-number", "expiresAt", json!(1_770_000_300)),
        ("ends-in-a-named-zone", "expiresAt", json!("2026-02-02T02:45:00+01:00[Europe/Paris]")),
        ("request-id-as-number", "requestId", json!(1)),
        ("extensions-as-list", "extensions", json!([])),
    ];
    let mut vectors = Vec::new();
    for (name, member, value) in changes {
        vectors.push(shape(name, &good, |a| a.insert(member.into(), value))?);
    }
    for (name, member) in [
        ("without-payload", "payload"),
        ("without-request-id", "requestId"),
        ("without-end", "expiresAt"),
        ("without-hash", "artifactHash"),
        ("without-hash-algorithm", "artifactHashAlg"),
    ] {
        vectors.push(shape(name, &good, |a| a.remove(member))?);
    }
    vectors.push(Vector::new("list", "Shape").with("text", "[]"));
    vectors.push(Vector::new("null", "Shape").with("text", "null"));
    Ok(vectors)
}

fn shape(
    name: &'static str,
    good: &Map<String, Value>,
    change: impl FnOnce(&mut Map<String, Value>) -> Option<Value>,
) -> Made<Vector> {
    let mut artifact = good.clone();
    change(&mut artifact);
    Ok(Vector::new(name, "Shape").with("text", object::text(&artifact)?))
}

/// Extensions of ours that have another shape.
fn extended() -> Made<Vec<Vector>> {
    let route = serde_json::to_value(object::route()?)?;
    let but = |member: &str, value: Value| {
        let mut route = object(route.clone());
        route.insert(member.into(), value);
        Value::Object(route)
    };
    let (named, context) = ("org.countersign.route", "org.countersign.context");
    let cases = [
        ("route-empty", named, json!({})),
        ("route-null", named, Value::Null),
        ("route-with-unknown-member", named, but("deputy", json!(true))),
        ("route-with-a-veto-that-is-none", named, but("veto", json!(false))),
        ("route-with-no-groups-written-out", named, but("groups", json!([]))),
        ("route-with-unknown-assurance", named, but("minAssurance", json!("certain"))),
        ("route-with-unknown-scope", named, but("scopes", json!(["always"]))),
        ("route-with-negative-threshold", named, but("threshold", json!(-1))),
        ("route-with-half-a-threshold", named, but("threshold", json!(1.5))),
        ("route-with-huge-threshold", named, but("threshold", json!(4_294_967_296_u64))),
        ("route-with-roster-of-names", named, but("roster", json!(["ann"]))),
        ("route-with-reason-as-text", named, but("reasonRequired", json!("false"))),
        ("context-with-unknown-member", context, json!({"trusted": true})),
        ("context-with-notes-as-text", context, json!({"notes": "x"})),
        ("context-as-list", context, json!([1])),
        ("head-empty", "org.countersign.head", json!({})),
    ];
    let mut vectors = Vec::new();
    for (name, member, value) in cases {
        let mut artifact = base()?;
        artifact.head.extensions.get_or_insert_default().insert(member.into(), value);
        let artifact = Artifact::build(artifact.head, artifact.payload)?;
        vectors.push(Vector::new(name, "Shape").with("text", object::text(&artifact)?));
    }
    Ok(vectors)
}
