//! What those of a round who have not answered are told of the others.

use super::standing::Counting;
use super::{Enforcer, GateError};
use countersign_core::artifact::Artifact;
use countersign_core::json::{self, JsonError};
use countersign_core::keys::PublicKeys;
use countersign_core::progress::{Note, NoteType, SignedNote, shown};
use countersign_core::sealing::{Entropy, Sealed, seal};
use countersign_core::tally::{Tally, need};
use countersign_core::trust::TrustStore;
use countersign_store::ledger::{Answers, Asked, RequestRecord};
use std::sync::Arc;

impl Enforcer {
    /// A sealed note for each device of this round that counts and has not answered: who allows, of
    /// the answers that count now. None where nobody has answered, or the round does not wait.
    ///
    /// # Errors
    /// Where the pinned keys cannot be read, or a note cannot be signed or sealed.
    pub fn notes<'a>(
        &self,
        request: &'a RequestRecord,
    ) -> Result<Vec<(&'a Asked, Sealed)>, GateError> {
        let mut notes = Vec::new();
        if request.accepted_now().next().is_none() {
            return Ok(notes);
        }
        let trust = Arc::new(self.trust()?);
        let Some(allowed) = self.allowing(request, &trust) else { return Ok(notes) };
        for asked in request.asked_now().filter(|asked| !request.has_answer_to(asked)) {
            let device = trust.approver(&asked.key_id).filter(|one| one.status.counts(self.now()));
            if let (Some(note), Some(device)) = (self.note(request, asked, &allowed), device) {
                notes.push((asked, self.sealed_note(note, &asked.artifact, &device.keys)?));
            }
        }
        Ok(notes)
    }

    /// Who allows so far; `None` where the answers that count end it one way or the other.
    fn allowing(&self, request: &RequestRecord, trust: &Arc<TrustStore>) -> Option<Vec<String>> {
        let counting = Counting::new(Arc::clone(trust), self.now());
        let answers = Answers::of(request, &|decision| counting.counts(request, decision))?;
        let waits = matches!(answers.tally(None), Tally::Waiting { .. });
        waits.then(|| answers.allowing().into_iter().map(str::to_owned).collect())
    }

    fn note(&self, request: &RequestRecord, asked: &Asked, allowed: &[String]) -> Option<Note> {
        let head = &asked.artifact.head;
        Some(Note {
            kind: NoteType::V1,
            request_id: head.request_id.clone(),
            artifact_hash: head.artifact_hash,
            answers: u32::try_from(request.accepted_now().count()).ok()?,
            allowed: allowed.to_vec(),
            needed: u32::try_from(need(&asked.route()?)).ok()?,
            told_at: self.now().timestamp(),
        })
    }

    fn sealed_note(
        &self,
        note: Note,
        artifact: &Artifact,
        device: &PublicKeys,
    ) -> Result<Sealed, GateError> {
        let failed = |e: &dyn std::fmt::Display| JsonError::Shape(e.to_string());
        let signed = SignedNote::sign(note, &self.identity.keys).map_err(|e| failed(&e))?;
        let mut dry = None;
        let mut fill = |bytes: &mut [u8]| dry = self.edge.fill(bytes).err().or(dry.take());
        let text = json::canonical(&signed)?;
        let sealed = seal(&text, &shown(artifact), &[*device], Entropy(&mut fill));
        match dry {
            Some(error) => Err(error.into()),
            None => Ok(sealed.map_err(|e| failed(&e))?),
        }
    }
}
