//! What somebody wants to be allowed again and again, made into the exact words that people sign.

use super::{Whose, offered};
use crate::gate::{Enforcer, GateError};
use crate::policy::{Judged, Ruling, Seated};
use crate::question::{Grounds, Question, payload};
use countersign_core::action::Action;
use countersign_core::artifact::Context;
use countersign_core::display::counted;
use countersign_core::grant::Grant;
use countersign_core::redact::smuggles_commitment;

/// What somebody wants to be allowed again and again.
pub struct Wish<'a> {
    /// The call.
    pub action: &'a Action,
    /// Whether something was found that makes it critical.
    pub critical: bool,
    /// What the policies say of it.
    pub judged: &'a Judged,
    /// Whose call it is.
    pub whose: Whose<'a>,
    /// Whether it is to hold in this session only; a policy may want that anyway.
    pub session_only: bool,
    /// How long, in seconds; `None` is as long as is on offer, at most 8 hours.
    pub seconds: Option<u32>,
    /// How often; `None` is until it ends.
    pub count: Option<u32>,
}

/// A grant that somebody wants, and on which grounds it is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub(super) grant: Grant,
    pub(super) grounds: Grounds,
    session: String,
}

impl Wanted {
    /// The grant, as it would be signed.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The exact rule in words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.grant.words()
    }
}

impl Enforcer {
    /// What would be signed for a wish, no wider than the policy offers.
    ///
    /// # Errors
    /// [`GateError::NotOffered`] where none is on offer, or less than what is wanted.
    pub async fn want_grant(&self, wish: Wish<'_>) -> Result<Wanted, GateError> {
        let none = |why: &str| Err(GateError::NotOffered(why.to_owned()));
        let grounds = match wish.judged.ruling(wish.critical) {
            Ruling::Asks(grounds) => grounds,
            Ruling::Runs(_) => return none("it runs without asking: no grant is needed"),
            Ruling::Blocked(_) => return none("the policy blocks it, and a grant lifts no block"),
        };
        // Its places would be others inside the grant, and its approver could not check the values.
        if smuggles_commitment(&wish.judged.shown().action().to_payload()?) {
            return none("a part of it is hidden, so each call is asked about");
        }
        let offer = offered(&wish.judged.verdict, wish.critical).map_err(GateError::NotOffered)?;
        let seconds = wish.seconds.unwrap_or(offer.max_seconds.min(USUAL_SECONDS));
        if seconds == 0 || seconds > offer.max_seconds {
            let most = counted(offer.max_seconds, "second");
            return none(&format!("the policy offers at most {most}"));
        }
        if wish.count == Some(0) {
            return none("a grant is used at least once");
        }
        let (principal, session, workspace) = wish.whose;
        let fresh = self.edge.id()?;
        let id = self.ledger.session(principal, session, &fresh).await?;
        let bound = wish.session_only || offer.session;
        let expires_at = self.now().plus_millis(i64::from(seconds) * 1_000).timestamp();
        let grant = Grant {
            action: payload(wish.action)?,
            principal: principal.to_owned(),
            session: bound.then_some(id),
            workspace: workspace.to_owned(),
            expires_at,
            count: wish.count,
        };
        if self.ledger.latest().await?.is_some_and(|seen| !grant.lasts(seen)) {
            return none("the clock is behind what this ledger has seen: it would be over already");
        }
        Ok(Wanted { grant, grounds, session: session.to_owned() })
    }

    /// The question by which a grant is asked for. What an approver signs is the grant itself.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn grant_question(
        &self,
        wanted: &Wanted,
        seated: Seated,
        ttl_millis: i64,
    ) -> Result<Question, GateError> {
        let Wanted { grant, grounds, session } = wanted;
        let Seated { ways: to, quorum } = seated;
        let context = Context {
            principal: Some(grant.principal.clone()),
            session: Some(session.clone()),
            workspace: Some(grant.workspace.clone()),
            notes: std::iter::once("allowing this gives a standing permission".to_owned())
                .chain(wanted.words())
                .collect(),
            ..Context::default()
        };
        Ok(Question {
            action: grant.to_action()?,
            disclosures: Vec::new(),
            context,
            grounds: grounds.clone().with_quorum(quorum),
            principal: grant.principal.clone(),
            session: session.clone(),
            workspace: grant.workspace.clone(),
            ttl_millis,
            to,
        })
    }
}

/// How long a grant lasts where nobody says: 8 hours, or less where less is on offer.
const USUAL_SECONDS: u32 = 8 * 3_600;
