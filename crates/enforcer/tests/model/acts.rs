//! What people and agents do with the real enforcer.

use super::real::*;
use super::steps::{Person, Says};
use countersign_core::decision::Answer;
use countersign_enforcer::gate::grant::Wish;
use countersign_enforcer::{Answered, Enforcer, GateError, Question, Relays, RunOnce};
use countersign_policy::Asker;
use countersign_store::ledger::{Ending, GrantRecord, RequestRecord};
use serde_json::json;
use std::sync::Arc;

impl Real {
    pub(crate) fn accept(
        &self,
        request: &RequestRecord,
        answer: Answer,
    ) -> Result<RequestRecord, GateError> {
        let hash = answer.decision.artifact_hash;
        let asked = request.asked.iter().find(|a| a.artifact.head.artifact_hash == hash).unwrap();
        self.block_on(self.enforcer().accept(request, asked, answer))
    }

    /// A person hands a request on to Bob, or says no where that is not on offer.
    pub(crate) fn hand_on(
        &self,
        request: &RequestRecord,
        by: Person,
        question: &Question,
    ) -> Result<RequestRecord, GateError> {
        let hints = json!({"escalate": {"to": "bob"}}).as_object().cloned();
        let answer = self.signed_with(request, by, Says::No, hints);
        let asked = self.asked(request, by);
        self.block_on(self.enforcer().take_answer(request, asked, answer, question))
    }

    pub(crate) fn escalate(
        &self,
        request: &RequestRecord,
        question: &Question,
    ) -> Result<Option<RequestRecord>, GateError> {
        self.block_on(self.enforcer().next_round(request, question))
    }

    pub(crate) fn claim(&self, request: &RequestRecord) -> Result<RunOnce, GateError> {
        self.block_on(self.enforcer().claim(request, &Relays::new()))
    }

    pub(crate) fn runs(&self, request: &RequestRecord) -> Result<(), GateError> {
        let permit = self.claim(request)?;
        self.block_on(self.enforcer().hand_over(permit)).map(drop)
    }

    /// How many of two processes may run the same request.
    pub(crate) fn race(&self, request: &RequestRecord) -> usize {
        let (one, other) = (self.enforcer(), self.another());
        let relays = Relays::new();
        let run = |enforcer: Arc<Enforcer>| {
            let relays = &relays;
            async move {
                match enforcer.claim(request, relays).await {
                    Ok(permit) => enforcer.hand_over(permit).await.is_ok(),
                    Err(_) => false,
                }
            }
        };
        let (one, other) = self.block_on(async { tokio::join!(run(one), run(other)) });
        usize::from(one) + usize::from(other)
    }

    pub(crate) fn close(&self, request: &RequestRecord, ending: Ending) -> Result<(), GateError> {
        self.block_on(self.enforcer().close(request, ending)).map(drop)
    }

    pub(crate) fn revoke(&self, person: Person) -> Result<(), GateError> {
        self.block_on(self.enforcer().revoke(person.name(), None)).map(drop)
    }

    pub(crate) fn policy(&self, accepted: bool) {
        let more = if accepted { "" } else { "# changed\n" };
        std::fs::write(self.policy_path(), format!("{POLICY}{more}")).unwrap();
    }

    pub(crate) fn freeze(&self) -> Result<(), GateError> {
        self.block_on(self.enforcer().freeze("ann", None)).map(drop)
    }

    /// Everything that it takes to let go again; what was asked is told in any case.
    pub(crate) fn thaw(&self, by: Person) -> Result<(), String> {
        let enforcer = self.enforcer();
        self.block_on(async {
            let words = |e: &dyn std::fmt::Display| e.to_string();
            let frozen = enforcer.frozen().await.map_err(|e| words(&e))?;
            let frozen = frozen.ok_or("nothing is frozen")?;
            let question = enforcer.thaw_question(&frozen, LIVES).await;
            let question = question.map_err(|e| words(&e))?;
            let suspended = enforcer.suspend(&question).await.map_err(|e| words(&e))?;
            let request = self.allowed(record(suspended), by).await.map_err(|e| words(&e))?;
            let thawed = enforcer.thaw(&frozen, Answered::Approved(request)).await;
            thawed.map(drop).map_err(|e| words(&e))
        })
    }

    /// Everything that it takes to give a grant.
    pub(crate) fn grant(
        &self,
        call: u8,
        session: Option<u8>,
        count: Option<u8>,
        by: Person,
    ) -> Result<GrantRecord, GateError> {
        let enforcer = self.enforcer();
        self.block_on(async {
            let action = action(call);
            let judged = enforcer.judge(&action, Asker::default(), WORKSPACE).await?;
            let wish = Wish {
                action: &action,
                critical: false,
                judged: &judged,
                whose: whose(session.unwrap_or(0)),
                session_only: session.is_some(),
                seconds: None,
                count: count.map(u32::from),
            };
            let wanted = enforcer.want_grant(wish).await?;
            let ways = enforcer.ways()?;
            let seated = enforcer.seated(&judged.verdict, WORKSPACE, &ways).await?;
            let question = enforcer.grant_question(&wanted, seated, LIVES)?;
            let request = record(enforcer.suspend(&question).await?);
            let request = self.allowed(request, by).await?;
            let given = enforcer.give_grant(&wanted, &request, Asker::default()).await?;
            Ok(given.0)
        })
    }

    /// What a person says yes to; what they may not is taken back, so that nothing waits for it.
    pub(crate) async fn allowed(
        &self,
        request: RequestRecord,
        by: Person,
    ) -> Result<RequestRecord, GateError> {
        if !request.accepted.is_empty() {
            return Ok(request);
        }
        let answer = self.signed(&request, by, Says::Yes);
        let enforcer = self.enforcer();
        match enforcer.accept(&request, self.asked(&request, by), answer).await {
            Ok(request) => Ok(request),
            Err(error) => {
                enforcer.close(&request, Ending::Withdrawn).await?;
                Err(error)
            }
        }
    }

    pub(crate) fn take_back(&self, grant: &str) -> Result<(), GateError> {
        self.block_on(self.enforcer().revoke_grant(grant)).map(drop)
    }
}
