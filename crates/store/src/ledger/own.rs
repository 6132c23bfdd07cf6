//! Whether what is kept of a request is its own.
//!
//! Rows prove nothing: whoever can write the file may put what people signed in one request among
//! the rows of another. What they signed names its request, its call and its end.

use super::{Asked, RequestRecord};
use countersign_core::decision::Decision;

impl RequestRecord {
    /// The first thing that is kept of it and is not its own, in words; `None` where all is.
    #[must_use]
    pub fn strange(&self) -> Option<String> {
        let strange = self.asked.iter().find_map(|asked| self.strange_in(asked));
        let answered = || self.accepted.iter().find_map(|one| self.strange_answer(&one.decision));
        let what = strange.or_else(answered).or_else(|| self.strange_call())?;
        Some(format!("`{}` is kept with {what}", self.id))
    }

    fn strange_in(&self, asked: &Asked) -> Option<&'static str> {
        let head = &asked.artifact.head;
        if head.of_request().ok().as_ref() != Some(&self.id) {
            return Some("an artifact of another request");
        }
        let context = head.context().ok().flatten().unwrap_or_default();
        let said = |signed: Option<String>, kept: &str| signed.is_none_or(|signed| signed == kept);
        if !said(context.principal, &self.key.principal) {
            return Some("another principal than people were told of");
        }
        if !said(head.session_id.clone(), &self.key.session) {
            return Some("another session than people were told of");
        }
        if !said(context.workspace, &self.key.workspace) {
            return Some("another workspace than people were told of");
        }
        let route = head.route().ok().flatten();
        if route.zip(self.policy.as_ref()).is_some_and(|(route, note)| !note.is_of(&route)) {
            return Some("another rule, risk or policy than people were told of");
        }
        let ends = head.expires_at.instant();
        let now = asked.round() == self.round();
        if now && ends != self.step_ends.unwrap_or(self.expires_at) {
            return Some("another end of its round than people were told of");
        }
        None
    }

    fn strange_answer(&self, decision: &Decision) -> Option<&'static str> {
        let own = |asked: &Asked| {
            let head = &asked.artifact.head;
            (head.artifact_hash, &head.request_id) == (decision.artifact_hash, &decision.request_id)
        };
        let answers = self.asked.iter().any(own);
        (!answers).then_some("an answer to another request")
    }

    /// Every artifact is about the call under which the request is found.
    fn strange_call(&self) -> Option<&'static str> {
        let payload = &self.asked.first()?.artifact.payload;
        let hash = self.asked.first()?.artifact.action_hash().ok();
        let alike = self.asked.iter().all(|asked| asked.artifact.payload == *payload);
        let own = alike && hash == Some(self.key.action_hash);
        (!own).then_some("an artifact of another call")
    }
}
