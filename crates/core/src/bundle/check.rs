//! Judges the lines of a bundle under keys that the auditor pinned.

use super::heads::{Chain, Says, Signatures};
use super::line::{Cover, Key, Line, MAX_LINE, Manifest, Remembered, Text};
use super::report::{Problem, Report};
use super::tally::Tally;
use super::under::{Known, Under};
use crate::encoding::Hash;
use crate::json::{self, clip};
use crate::keys::{Domain, verify_domain};
use crate::receipt::check::Verdict;
use crate::receipt::course::Course;
use crate::time::Instant;
use crate::trust::{Status, TrustStore};
use std::collections::BTreeMap;

mod receipts;
mod words;

/// No section but the receipts has more lines: what is kept of them stays small.
const MOST_BESIDE: u64 = 100_000;

/// After more lines than this that are none of a bundle, what follows is not read.
const MOST_UNREAD: u64 = 100;

/// A bundle that is being read. It keeps 40 bytes for each receipt and no receipt whole.
pub struct Checker<'a> {
    trust: &'a TrustStore,
    now: Instant,
    report: Report,
    number: u64,
    tally: Tally,
    cover: Option<Cover>,
    stage: Stage,
    chain: Chain,
    course: Course,
    expected: u64,
    signatures: Signatures,
    remembered: Vec<Remembered>,
    /// Policy texts, and whether some receipt accepts them.
    texts: BTreeMap<Hash, (u64, bool)>,
    /// What receipts accept, and which of them.
    accepted: BTreeMap<Hash, u64>,
    under: Under,
    beside: u64,
    unread: u64,
    earlier: u64,
    last_earlier: Option<(u64, Hash)>,
    witnessed: u64,
    outside: u64,
    signed_by: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Reading,
    /// The manifest was read.
    Ended,
    /// What follows cannot be told apart.
    Lost,
}

impl<'a> Checker<'a> {
    /// Begins. `trust` are the auditor's keys, `now` the auditor's time.
    #[must_use]
    pub fn new(trust: &'a TrustStore, now: Instant) -> Self {
        Self {
            trust,
            now,
            report: Report::empty(),
            number: 0,
            tally: Tally::default(),
            cover: None,
            stage: Stage::Reading,
            chain: Chain::default(),
            course: Course::partial(),
            expected: 0,
            signatures: Signatures::default(),
            remembered: Vec::new(),
            texts: BTreeMap::new(),
            accepted: BTreeMap::new(),
            under: Under::default(),
            beside: 0,
            unread: 0,
            earlier: 0,
            last_earlier: None,
            witnessed: 0,
            outside: 0,
            signed_by: None,
        }
    }

    /// The same for a program that knows of policies besides those inside.
    #[must_use]
    pub fn knowing(self, known: Known) -> Self {
        Self { under: Under::new(known), ..self }
    }

    /// Judges the next line, without its line break. Says whether it is worth reading on.
    pub fn line(&mut self, bytes: &[u8]) -> bool {
        self.number += 1;
        match self.stage {
            Stage::Lost => return false,
            Stage::Ended => {
                self.wrong(Verdict::Malformed, "something follows the manifest");
                self.stage = Stage::Lost;
                return false;
            }
            Stage::Reading => {}
        }
        match Line::parse(bytes) {
            Ok(Line::Manifest(manifest)) => self.manifest(&manifest),
            Ok(line) => self.known(&line, bytes),
            Err(error) => self.unread(bytes, &error.to_string()),
        }
        self.stage != Stage::Lost
    }

    fn unread(&mut self, bytes: &[u8], because: &str) {
        self.tally.count(None, bytes);
        let verdict =
            if of_another_version(bytes) { Verdict::Unsupported } else { Verdict::Malformed };
        self.wrong(verdict, because);
        self.unread += 1;
        if self.unread > MOST_UNREAD {
            self.stage = Stage::Lost;
            let rest =
                format!("what follows line {}: too many lines are none of a bundle", self.number);
            self.report.not_checked.push(rest);
        }
    }

    /// The file stops in the middle of a line, or a line is longer than any may be.
    pub fn broken(&mut self, because: &str) {
        self.number += 1;
        self.wrong(Verdict::Truncated, because);
        self.stage = Stage::Lost;
    }

    fn known(&mut self, line: &Line, bytes: &[u8]) {
        self.tally.count(Some(line.section()), bytes);
        if let Err(why) = self.tally.follows(line) {
            self.wrong(Verdict::Malformed, &why);
            if self.cover.is_none() {
                self.stage = Stage::Lost;
            }
            return;
        }
        if !matches!(line, Line::Receipt(_)) {
            self.beside += 1;
        }
        if self.beside > MOST_BESIDE {
            self.wrong(Verdict::Malformed, "more lines beside the receipts than any bundle has");
            self.stage = Stage::Lost;
            return;
        }
        match line {
            Line::Bundle(cover) => self.begin(cover),
            Line::Key(key) => self.key(key),
            Line::Policy(text) => self.text(text),
            Line::Head(head) => self.head(head),
            Line::Earlier(receipt) => self.before(receipt),
            Line::Receipt(receipt) => self.receipt(receipt),
            Line::Manifest(_) => {}
        }
    }

    fn begin(&mut self, cover: &Cover) {
        self.report.covers(cover);
        if cover.range.is_some_and(|range| range.first == 0 || range.first > range.last) {
            self.wrong(Verdict::Malformed, "the cover names a range that cannot be");
        }
        self.expected = cover.range.map_or(0, |range| range.first);
        if self.expected == 1 {
            self.course = Course::default();
        }
        self.cover = Some(cover.clone());
    }

    /// Keys inside are compared with the pinned ones and never used.
    fn key(&mut self, key: &Key) {
        if !key.is_named_after_itself() {
            self.wrong(Verdict::Malformed, "a key id does not belong to the key beside it");
        }
        let difference = match key {
            Key::Operator(home) => {
                let own = self.trust.operator(&home.key_id);
                words::operator(home, own)
            }
            Key::Approver(home) => words::approver(home, self.trust.approver(&home.key_id)),
        };
        self.report.differences.extend(difference);
    }

    fn text(&mut self, text: &Text) {
        if Hash::of(text.text.as_bytes()) != text.sha256 {
            self.wrong(Verdict::HashMismatch, "the text is not the one of its hash");
        }
        self.texts.insert(text.sha256, (self.number, false));
    }

    fn head(&mut self, head: &Remembered) {
        if head.checkpoint.is_some() == head.missing.is_some() {
            self.wrong(Verdict::Malformed, "a head is either there or missing");
        }
        if let Some(checkpoint) = &head.checkpoint {
            if let Err(verdict) = self.signatures.check(checkpoint, self.trust) {
                self.wrong(verdict, &format!("the head that {} remembers", clip(&head.by)));
            }
            if Some(&checkpoint.head.ledger) != self.report.ledger.as_ref() {
                self.wrong(Verdict::Forked, "a head of another ledger");
            }
        }
        self.remembered.push(head.clone());
    }

    fn manifest(&mut self, manifest: &Manifest) {
        self.stage = Stage::Ended;
        let Some(cover) = &self.cover else {
            self.wrong(Verdict::Malformed, "the file does not begin with its cover");
            return;
        };
        let summary = self.tally.summary(&cover.ledger);
        self.complete();
        if summary != manifest.content {
            self.wrong(Verdict::HashMismatch, &words::summary(&manifest.content, &summary));
        }
        match signed(manifest, self.trust, self.now) {
            Ok(()) => self.signed_by = Some(manifest.key_id.to_string()),
            Err(verdict) => self.wrong(verdict, "the signature of the manifest"),
        }
    }

    /// The verdict, once the last line was read.
    #[must_use]
    pub fn end(mut self) -> Report {
        self.number = 0;
        if self.stage == Stage::Reading {
            self.wrong(Verdict::Truncated, "the manifest is missing: the file was cut");
            self.complete();
        }
        for head in std::mem::take(&mut self.remembered) {
            self.recall(&head);
        }
        self.policies();
        self.words();
        self.report.named()
    }

    /// Every receipt that the cover promises was there.
    fn complete(&mut self) {
        let last = self.cover.as_ref().and_then(|cover| cover.range).map_or(0, |range| range.last);
        let seq = self.expected;
        if seq <= last && last > 0 {
            let missing = format!("receipts {seq} to {last} are missing");
            self.wrong(Verdict::ChainBroken { seq }, &missing);
        }
    }

    fn recall(&mut self, remembered: &Remembered) {
        let by = clip(&remembered.by);
        let Some(checkpoint) = &remembered.checkpoint else {
            let why = clip(remembered.missing.as_deref().unwrap_or_default());
            self.report.not_checked.push(format!("what {by} remembers: {why}"));
            return;
        };
        let seq = checkpoint.head.seq;
        let open = self.cover.as_ref().is_some_and(|c| c.until.is_none() && c.range.is_some());
        match self.chain.compare(&checkpoint.head) {
            Says::Agrees => {
                let words = format!("{by} remembers receipt {seq}, which is here as it remembers");
                self.report.checked.push(words);
            }
            Says::Differs => {
                let words = format!("{by} remembers another receipt {seq}");
                self.about(seq, Verdict::Forked, &words);
            }
            Says::After if open => {
                let words = format!("{by} remembers receipt {seq}, the bundle ends before that");
                self.about(seq, Verdict::Truncated, &words);
            }
            Says::Before | Says::After => {
                let words = format!("{by} remembers receipt {seq}, which is outside this bundle");
                self.report.not_checked.push(words);
            }
        }
    }

    /// Every text was accepted, and every accepted text is here.
    fn policies(&mut self) {
        for (hash, seq) in std::mem::take(&mut self.accepted) {
            match self.texts.get_mut(&hash) {
                Some((_, used)) => *used = true,
                None => self.report.not_checked.push(format!(
                    "the text of policy {hash}, accepted in receipt {seq}: it is not in the bundle"
                )),
            }
        }
        let unused: Vec<u64> =
            self.texts.values().filter(|(_, used)| !used).map(|(line, _)| *line).collect();
        for line in unused {
            self.number = line;
            self.wrong(Verdict::HashMismatch, "a policy that no receipt here accepts");
        }
    }

    fn wrong(&mut self, verdict: Verdict, because: &str) {
        let (line, because) = (self.number, clip(because));
        self.report.problem(Problem { line, receipt: None, verdict, because });
    }

    fn about(&mut self, seq: u64, verdict: Verdict, because: &str) {
        let (line, because) = (self.number, clip(because));
        self.report.problem(Problem { line, receipt: Some(seq), verdict, because });
    }
}

/// Judges a bundle that is in memory.
#[must_use]
pub fn check(bytes: &[u8], trust: &TrustStore, now: Instant, known: Known) -> Report {
    let mut checker = Checker::new(trust, now).knowing(known);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n").filter(|line| line.len() <= MAX_LINE) else {
            checker.broken("the file stops in the middle of a line, or a line is too long");
            break;
        };
        if !checker.line(line) {
            break;
        }
    }
    checker.end()
}

/// Whether an operator whom the auditor pinned signed the manifest.
fn signed(manifest: &Manifest, trust: &TrustStore, now: Instant) -> Result<(), Verdict> {
    let id = &manifest.key_id;
    let untrusted = || Verdict::Untrusted { key_id: crate::keys::KeyId(clip(&id.0)) };
    let operator = trust.operator(id).ok_or_else(untrusted)?;
    if matches!(operator.status, Status::Revoked { .. }) || !operator.status.counts(now) {
        return Err(Verdict::Revoked);
    }
    let key = operator.keys.signing();
    verify_domain(&key, Domain::Bundle, &manifest.content, &manifest.signature)
        .map_err(|_| Verdict::BadSignature)
}

/// Whether a line that was not understood says that it is of another version.
fn of_another_version(bytes: &[u8]) -> bool {
    let Ok(value) = json::parse(bytes, super::MAX_LINE) else { return false };
    let kind = |member: &str, below: &str| {
        let kind = value.get(member).and_then(|inner| inner.get("type")).and_then(|t| t.as_str());
        kind.is_some_and(|kind| kind.starts_with(below) && !kind.ends_with("/v1"))
    };
    kind("bundle", "countersign.bundle/")
        || kind("receipt", "countersign.receipt/")
        || kind("earlier", "countersign.receipt/")
}
