//! What this implementation answers, in the words of the vectors.

use super::text;
use countersign_core::artifact::{Artifact, ArtifactHash, Statement};
use countersign_core::bundle;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::decision::{Answer, Choice, Decision};
use countersign_core::encoding::{Fixed, base64, unbase64};
use countersign_core::json::{self, JsonError, limit};
use countersign_core::keys::{KeyError, KeyId, PublicKeys, SecretKeys};
use countersign_core::message::exact;
use countersign_core::receipt::check::check;
use countersign_core::reference::{Keys, Refused, Wire, judge};
use countersign_core::sealing::{Entropy, SealError, Sealed, Shown, open, seal};
use countersign_core::time::{Instant, Timestamp};
use countersign_core::token;
use countersign_core::trust::{TrustError, TrustStore};
use countersign_core::verify::{self, Check, DEFAULT_SKEW_MILLIS, ReplayView, Subject};
use serde_json::{Value, json};

/// The outcome with what was worked out, or the name of the refusal.
type Answered = Result<Value, String>;

pub(crate) fn answer(input: &Value) -> Value {
    let answered = match text(input, "op") {
        "canonical" => canonical(input),
        "artifact" => artifact(input),
        "decision" => decision(input),
        "receipt" => Ok(receipt(input)),
        "bundle" => Ok(bundle(input)),
        "sealed" => sealed(input),
        "statement" => statement(input),
        "checkpoint" => checkpoint(input),
        "answer" => reason(input),
        "signature" => signature(input),
        "trust" => trust(input),
        "time" => time(input),
        "token" => token(input),
        "reference" => reference(input),
        "sign" => sign(input),
        "seal" => sealing(input),
        op => panic!("no such op: {op}"),
    };
    let mut answered = answered.unwrap_or_else(|outcome| json!({"outcome": outcome}));
    let members = answered.as_object_mut().unwrap();
    members.entry("outcome").or_insert_with(|| "accepted".into());
    answered
}

fn canonical(input: &Value) -> Answered {
    let value = json::parse(&bytes(input, "bytes"), limit::MESSAGE).map_err(json_name)?;
    let canonical = String::from_utf8(json::canonical(&value).map_err(json_name)?).unwrap();
    let sha256 = countersign_core::encoding::Hash(json::sha256(&value).map_err(json_name)?);
    Ok(json!({"canonical": canonical, "sha256": sha256}))
}

fn artifact(input: &Value) -> Answered {
    let artifact = Artifact::parse(&bytes(input, "bytes")).map_err(json_name)?;
    Ok(json!({
        "artifactHash": artifact.hash().unwrap(),
        "actionHash": artifact.action_hash().unwrap(),
        "foreign": artifact.action().is_none(),
    }))
}

struct Spent<'a>(&'a Value);

impl Spent<'_> {
    fn has(&self, list: &str, one: &str, other: &str) -> bool {
        let pairs = self.0[list].as_array().unwrap();
        pairs.iter().any(|pair| pair[0] == one && pair[1] == other)
    }
}

impl ReplayView for Spent<'_> {
    fn request_spent(&self, request_id: &str, artifact: &ArtifactHash) -> bool {
        self.has("spentRequests", request_id, &artifact.to_string())
    }
    fn nonce_spent(&self, nonce: &str, signer: &KeyId) -> bool {
        self.has("spentNonces", nonce, &signer.0)
    }
}

fn decision(input: &Value) -> Answered {
    let decision =
        Decision::parse(text(input, "decision").as_bytes()).map_err(|_| "Schema".to_owned())?;
    let artifact = Artifact::parse(text(input, "artifact").as_bytes()).unwrap();
    let subject = Subject::of(&artifact).map_err(|e| name_of(&e))?;
    let check = Check {
        subject: &subject,
        trust: &TrustStore::parse(text(input, "trust").as_bytes()).unwrap(),
        session: input["session"].as_str(),
        now: now(input),
        skew_millis: input["skewMillis"].as_i64().unwrap(),
        replay: &Spent(input),
    };
    let vote = verify::verify(decision, &check).map_err(|e| name_of(&e))?;
    Ok(json!({
        "allows": vote.allows(),
        "person": vote.person(),
        "assurance": vote.assurance().name(),
    }))
}

fn receipt(input: &Value) -> Value {
    let trust = TrustStore::parse(text(input, "trust").as_bytes()).unwrap();
    let verdict = check(text(input, "receipt").as_bytes(), &trust, now(input));
    let mut document = serde_json::to_value(verdict).unwrap();
    let members = document.as_object_mut().unwrap();
    let outcome = members.remove("verdict").unwrap();
    members.retain(|_, value| !value.is_null());
    members.insert("outcome".into(), outcome);
    document
}

fn bundle(input: &Value) -> Value {
    let trust = TrustStore::parse(text(input, "trust").as_bytes()).unwrap();
    let known = bundle::Known::default();
    let report = bundle::check(&bytes(input, "bytes"), &trust, now(input), known).alike();
    json!({"outcome": report.verdict, "report": report})
}

fn sealed(input: &Value) -> Answered {
    let malformed = |_| "Malformed".to_owned();
    let value =
        json::parse(text(input, "sealed").as_bytes(), limit::ARTIFACT * 4).map_err(malformed)?;
    let sealed: Sealed = exact(&value).map_err(malformed)?;
    let opened = open(&sealed, &shown(input), &secret(input)).map_err(|e| match e {
        SealError::NotForUs => "NotForUs",
        SealError::WeakKey => "WeakKey",
        _ => "Broken",
    })?;
    Ok(json!({"plaintext": base64(&opened)}))
}

fn statement(input: &Value) -> Answered {
    let statement = Statement::parse(text(input, "text").as_bytes()).map_err(json_name)?;
    let enforcer = serde_json::from_str(text(input, "enforcer")).unwrap();
    statement.verify(&enforcer).map_err(key_name)?;
    Ok(json!({"artifactHash": statement.artifact.hash().unwrap()}))
}

fn checkpoint(input: &Value) -> Answered {
    let malformed = |_| "Malformed".to_owned();
    let value =
        json::parse(text(input, "checkpoint").as_bytes(), limit::MESSAGE).map_err(malformed)?;
    let checkpoint: Checkpoint = exact(&value).map_err(malformed)?;
    checkpoint.verify(&key(input)).map_err(key_name)?;
    Ok(json!({"ledger": checkpoint.head.ledger, "seq": checkpoint.head.seq}))
}

struct SpentNonces<'a>(&'a Value);

impl ReplayView for SpentNonces<'_> {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, nonce: &str, _: &KeyId) -> bool {
        self.0["spent"].as_array().unwrap().iter().any(|one| one == nonce)
    }
}

fn token(input: &Value) -> Answered {
    let artifact = Artifact::parse(text(input, "artifact").as_bytes()).unwrap();
    let now = Instant(input["now"].as_i64().unwrap() * 1_000);
    let bytes = bytes(input, "token");
    let verified = token::verify_under(&bytes, &key(input), &artifact, now, &SpentNonces(input))
        .map_err(|e| name_of(&e))?;
    Ok(json!({"approves": verified.approves()}))
}

fn reference(input: &Value) -> Answered {
    let bytes = |name: &str| text(input, name).as_bytes();
    let keys = Keys::parse(bytes("keys")).map_err(|e| e.code())?;
    let wire = Wire::parse(bytes("artifact")).map_err(|e| e.code())?;
    let decision = Decision::parse(bytes("decision")).map_err(|e| Refused::from(e).code())?;
    let at = (now(input), DEFAULT_SKEW_MILLIS);
    let verdict = judge(decision, &wire, &keys, at, &Spent(input)).map_err(|e| e.code())?;
    Ok(json!({"verdict": if verdict.allows() { "allow" } else { "deny" }}))
}

fn reason(input: &Value) -> Answered {
    let answer = Answer::parse(&bytes(input, "bytes")).map_err(json_name)?;
    Ok(json!({"reason": answer.reason.map(|reason| reason.text)}))
}

fn signature(input: &Value) -> Answered {
    let decision = Decision::parse(&bytes(input, "bytes")).map_err(json_name)?;
    decision.verify_signature(&key(input)).map_err(key_name)?;
    Ok(json!({}))
}

fn trust(input: &Value) -> Answered {
    let trust = TrustStore::parse(&bytes(input, "bytes")).map_err(|e| match e {
        TrustError::Json(e) => json_name(e),
        TrustError::WrongKeyId(_) => "WrongKeyId".into(),
        TrustError::Twice(_) => "Twice".into(),
        TrustError::Disordered(_) => "Disordered".into(),
    })?;
    Ok(json!({"operators": trust.operators.len(), "approvers": trust.approvers.len()}))
}

fn time(input: &Value) -> Answered {
    let time = Timestamp::parse(text(input, "text")).ok_or("Shape")?;
    Ok(json!({"millis": time.instant().0}))
}

fn sign(input: &Value) -> Answered {
    let word = |name: &str| input[name].clone();
    let choice = Choice {
        word: serde_json::from_value(word("word")).unwrap(),
        scope: serde_json::from_value(word("scope")).unwrap(),
        expires_at: Timestamp::parse(text(input, "expiresAt")).unwrap(),
        nonce: Fixed::from_text(text(input, "nonce")).unwrap(),
        hints: input["hints"].as_object().cloned(),
    };
    let artifact = Artifact::parse(text(input, "artifact").as_bytes()).unwrap();
    let decision = Decision::sign(&artifact, choice, &secret(input)).unwrap();
    let text = String::from_utf8(json::canonical(&decision).unwrap()).unwrap();
    Ok(json!({"decision": text}))
}

fn sealing(input: &Value) -> Answered {
    let to: Vec<PublicKeys> = serde_json::from_value(input["to"].clone()).unwrap();
    let mut pool = bytes(input, "random").into_iter();
    let mut draw = |out: &mut [u8]| out.iter_mut().for_each(|b| *b = pool.next().unwrap());
    let made = seal(&bytes(input, "plaintext"), &shown(input), &to, Entropy(&mut draw)).unwrap();
    let text = String::from_utf8(json::canonical(&made).unwrap()).unwrap();
    Ok(json!({"sealed": text}))
}

fn shown(input: &Value) -> Shown {
    let member = |name: &str| text(&input["shown"], name).to_owned();
    Shown {
        request_id: member("requestId"),
        artifact_type: member("artifactType"),
        artifact_hash: member("artifactHash"),
        expires_at: member("expiresAt"),
    }
}

fn bytes(input: &Value, name: &str) -> Vec<u8> {
    unbase64(text(input, name)).unwrap()
}

fn key(input: &Value) -> [u8; 32] {
    bytes(input, "publicKey").try_into().unwrap()
}

fn secret(input: &Value) -> SecretKeys {
    SecretKeys::from_bytes(&bytes(input, "secret").try_into().unwrap()).unwrap()
}

fn now(input: &Value) -> Instant {
    Instant(input["now"].as_i64().unwrap())
}

fn json_name(error: JsonError) -> String {
    let name = match error {
        JsonError::TooLarge { .. } => "TooLarge",
        JsonError::Syntax(_) => "Syntax",
        JsonError::TooDeep => "TooDeep",
        JsonError::DuplicateKey(_) => "DuplicateKey",
        JsonError::Number(_) => "Number",
        JsonError::KeyOrder(_) => "KeyOrder",
        JsonError::Shape(_) => "Shape",
    };
    name.into()
}

fn key_name(error: KeyError) -> String {
    match error {
        KeyError::BadKey => "BadKey".into(),
        KeyError::BadSignature => "BadSignature".into(),
        KeyError::Json(error) => json_name(error),
        KeyError::Holder(_) => "Holder".into(),
    }
}

/// The name of a refusal is the one of its variant.
fn name_of(refusal: &impl std::fmt::Debug) -> String {
    let whole = format!("{refusal:?}");
    let end = whole.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(whole.len());
    whole[..end].to_owned()
}
