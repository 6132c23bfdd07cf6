//! Every vector with the outcome that the manifest demands.

use crate::files::{FILES, MANIFEST};
use crate::input::{Damaged, Input};
use crate::{
    artifact, bundle, canonical, decision, gateway, message, pairing, published, receipt,
    reference, sealed, signed, token,
};
use serde_json::{Map, Value, json};
use std::fmt::Debug;

/// What came of a vector.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// `accepted`, `Valid` for receipts, or the name of the refusal.
    pub outcome: String,
    /// What was worked out; members of the same name in the vector must be equal.
    pub output: Map<String, Value>,
}

impl Answer {
    /// Accepted, with what was worked out: a JSON object.
    pub(crate) fn accepted(output: Value) -> Self {
        Self::named("accepted", output)
    }

    /// Refused for the variant `why`, whatever it holds.
    pub(crate) fn refused(why: &impl Debug) -> Self {
        let debug = format!("{why:?}");
        let name: String = debug.chars().take_while(char::is_ascii_alphanumeric).collect();
        Self::named(&name, json!({}))
    }

    pub(crate) fn named(outcome: &str, output: Value) -> Self {
        let output = match output {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Self { outcome: outcome.to_owned(), output }
    }
}

/// Accepted with `output`, or refused.
pub(crate) fn told<E: Debug>(result: Result<Value, E>) -> Answer {
    result.map_or_else(|why| Answer::refused(&why), Answer::accepted)
}

/// Who answers the vectors of a kind.
type Answers = fn(&Input<'_>) -> Result<Answer, Damaged>;

/// One line for each kind.
const KINDS: [(&str, Answers); 20] = [
    ("artifact", artifact::answer),
    ("bundle", bundle::answer),
    ("canonical", canonical::answer),
    ("checkpoint", signed::checkpoint),
    ("decision", decision::answer),
    ("disclosure", signed::disclosure),
    ("domain", signed::domain),
    ("message", any_message),
    ("number", canonical::number),
    ("pairing", pairing::answer),
    ("passkey", decision::passkey),
    ("progress", artifact::note),
    ("published", published::answer),
    ("receipt", receipt::answer),
    ("reference", reference::answer),
    ("sealed", sealed::answer),
    ("statement", artifact::statement),
    ("stop", pairing::stop),
    ("token", token::answer),
    ("trust", decision::trust),
];

/// Answers one question of a kind.
///
/// # Errors
/// Where nobody answers that kind, or the question lacks a member.
pub fn answer(kind: &str, question: &Value) -> Result<Answer, Damaged> {
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    let (_, answers) = known.ok_or_else(|| Damaged::new(&format!("nobody answers `{kind}`")))?;
    answers(&Input(question))
}

fn any_message(input: &Input<'_>) -> Result<Answer, Damaged> {
    match gateway::answer(input)? {
        Some(answer) => Ok(answer),
        None => message::answer(input),
    }
}

/// One question and the outcome it must have.
#[derive(Clone, Debug)]
pub struct Vector {
    file: String,
    kind: String,
    name: String,
    expect: String,
    question: Value,
}

impl Vector {
    /// The file, below `vectors/`.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What is asked.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Unique in its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `accepted`, `Valid`, or the name of the one refusal it must cause.
    #[must_use]
    pub fn expect(&self) -> &str {
        &self.expect
    }

    /// What is given, and what must come out of it.
    #[must_use]
    pub fn question(&self) -> &Value {
        &self.question
    }

    /// Whether this implementation answers as it must.
    ///
    /// # Errors
    /// What was answered instead, in one line.
    pub fn holds(&self) -> Result<(), String> {
        let answer = answer(&self.kind, &self.question).map_err(|damaged| damaged.to_string())?;
        if answer.outcome != self.expect {
            return Err(format!("expected {}, got {}", self.expect, answer.outcome));
        }
        let other =
            answer.output.iter().find(|(name, value)| self.question.get(name) != Some(value));
        other.map_or(Ok(()), |(name, value)| Err(format!("`{name}` is {value}")))
    }
}

/// Every vector, file by file.
///
/// # Errors
/// Where manifest and files do not tell the same.
pub fn suite() -> Result<Vec<Vector>, Damaged> {
    let manifest = parsed(MANIFEST)?;
    let files = Input(&manifest).list("files")?;
    let mut vectors = Vec::new();
    for file in files {
        let file = Input(file);
        let (path, kind) = (file.text("path")?, file.text("kind")?);
        let content = FILES.iter().find(|(known, _)| *known == path);
        let (_, content) = content.ok_or_else(|| Damaged::new(&format!("no file `{path}`")))?;
        let content = parsed(content)?;
        match kind {
            "published" => vectors.extend(published::vectors(path, &content)?),
            _ => vectors.extend(of_file(&file, path, kind, &content)?),
        }
    }
    Ok(vectors)
}

fn of_file(
    file: &Input<'_>,
    path: &str,
    kind: &str,
    content: &Value,
) -> Result<Vec<Vector>, Damaged> {
    let expect = file.member("expect")?;
    let questions = Input(content).list("vectors")?;
    let one = |question: &Value| {
        let name = Input(question).text("name")?;
        Ok(vector(path, kind, name, Input(expect).text(name)?, question.clone()))
    };
    let vectors: Vec<Vector> = questions.iter().map(one).collect::<Result<_, Damaged>>()?;
    if expect.as_object().map(Map::len) != Some(vectors.len()) {
        return Err(Damaged::new(&format!("`{path}` and the manifest name other vectors")));
    }
    Ok(vectors)
}

pub(crate) fn vector(file: &str, kind: &str, name: &str, expect: &str, question: Value) -> Vector {
    let [file, kind, name, expect] = [file, kind, name, expect].map(str::to_owned);
    Vector { file, kind, name, expect, question }
}

fn parsed(text: &str) -> Result<Value, Damaged> {
    serde_json::from_str(text).map_err(|e| Damaged::new(&e.to_string()))
}
