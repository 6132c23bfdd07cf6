//! How much may wait at once, and whose turn it is.

use super::{Enforcer, GateError};
use crate::question::{Question, fixed_hash};
use countersign_store::ledger::{RequestRecord, Room, Turn};

impl Enforcer {
    /// The bounds of the policies for a question. What the enforcer asks of its own, such as
    /// whether a key is pinned, is never held up by what agents ask.
    pub(super) async fn room(&self, question: &Question) -> Result<Room, GateError> {
        if question.grounds.note().policy_hash == fixed_hash() {
            return Ok(Room::UNBOUNDED);
        }
        let (limits, usual) = (self.engine(&question.workspace).await?.limits(), Room::default());
        Ok(Room {
            each: limits.max_pending_per_agent.unwrap_or(usual.each),
            whole: limits.max_pending.unwrap_or(usual.whole),
        })
    }

    /// Whether it is a request's turn to be put to its approvers, and takes it out of the queue
    /// then. Its time runs while it stands there.
    ///
    /// # Errors
    /// Where ledger or policies cannot be read.
    pub async fn turn(
        &self,
        question: &Question,
        request: &RequestRecord,
    ) -> Result<Turn, GateError> {
        let room = self.room(question).await?;
        Ok(self.ledger.turn(&request.id, room, self.now()).await?)
    }
}
