//! Three attacks that a hostile agent or gateway would try, each refused by the same code that
//! guards every other run.

use super::Scene;
use crate::asking::{self, Caller, Subject, Words};
use crate::failure::{Exit, Failure};
use countersign_approver::sign::{Reply, sign};
use countersign_core::artifact::Statement;
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_enforcer::child::Prepared;
use countersign_enforcer::{Edge, GateError};
use countersign_store::ledger::{Asked, RequestRecord, Suspended};

/// How many there are.
pub(super) const COUNT: usize = 3;

/// An attack and the code that refused it.
pub(super) struct Refused {
    pub(super) attack: &'static str,
    pub(super) code: String,
}

/// Runs them all.
///
/// # Errors
/// Where one of them is not refused: then the product is broken.
pub(super) async fn all(scene: &Scene) -> Result<Vec<Refused>, Failure> {
    let allowed = scene.prepare(&["touch", "made-once"])?;
    let (request, asked) = suspended(scene, &allowed).await?;
    let answer = allowed_by_the_approver(scene, &asked)?;
    let request = scene.enforcer.accept(&request, &asked, answer.clone()).await?;
    let permit = scene.enforcer.claim(&request, &scene.relays).await?;
    scene.enforcer.run(permit, &allowed).await?;
    Ok(vec![
        replayed(scene, &request, &asked, answer.clone()).await?,
        swapped(scene, answer).await?,
        forged(scene).await?,
    ])
}

/// The same decision again, for the same request, after it was used.
async fn replayed(
    scene: &Scene,
    request: &RequestRecord,
    asked: &Asked,
    answer: Answer,
) -> Result<Refused, Failure> {
    let again = match scene.enforcer.accept(request, asked, answer).await {
        Ok(request) => scene.enforcer.claim(&request, &scene.relays).await.map(|_| ()),
        Err(error) => Err(error),
    };
    refused("a used approval, delivered once more", again)
}

/// An approval of one command, presented for another.
async fn swapped(scene: &Scene, answer: Answer) -> Result<Refused, Failure> {
    let other = scene.prepare(&["rm", "-rf", "another"])?;
    let (request, asked) = suspended(scene, &other).await?;
    let accepted = scene.enforcer.accept(&request, &asked, answer).await.map(|_| ());
    scene.enforcer.close(&request, countersign_store::ledger::Ending::Withdrawn).await?;
    refused("an approval of one command, used for another", accepted)
}

/// A gateway that signs an approval itself, under the approver's name.
async fn forged(scene: &Scene) -> Result<Refused, Failure> {
    let wanted = scene.prepare(&["rm", "-rf", "a-third"])?;
    let (request, asked) = suspended(scene, &wanted).await?;
    let edge = Edge::system();
    let secret = edge.random::<64>().map_err(|e| broken(&e.to_string()))?;
    let gateways = SecretKeys::from_bytes(&secret).map_err(|e| broken(&e.to_string()))?;
    let choice = Choice {
        word: Word::Allow,
        scope: countersign_core::artifact::Scope::Once,
        expires_at: asked.artifact.head.expires_at.clone(),
        nonce: Fixed(edge.random().map_err(|e| broken(&e.to_string()))?),
        hints: None,
    };
    let mut decision =
        Decision::sign(&asked.artifact, choice, &gateways).map_err(|e| broken(&e.to_string()))?;
    decision.signer_key_id = asked.key_id.clone();
    let answer = Answer { decision, reason: None };
    let accepted = scene.enforcer.accept(&request, &asked, answer).await.map(|_| ());
    scene.enforcer.close(&request, countersign_store::ledger::Ending::Withdrawn).await?;
    refused("an approval that the gateway signed itself", accepted)
}

fn refused(attack: &'static str, result: Result<(), GateError>) -> Result<Refused, Failure> {
    match result {
        Err(error) => Ok(Refused { attack, code: error.code().to_owned() }),
        Ok(()) => Err(broken(&format!("{attack}: was not refused"))),
    }
}

fn broken(message: &str) -> Failure {
    Failure::new(Exit::Failed, "demo", message)
}

async fn suspended(scene: &Scene, prepared: &Prepared) -> Result<(RequestRecord, Asked), Failure> {
    let words = Words { session: "attack".into(), ..Words::default() };
    let grounds = scene.grounds(prepared).await?;
    let (caller, subject) = (Caller::of(prepared, &words.session), Subject::of(prepared));
    let question = asking::question(caller, subject, grounds, scene.ways()?, words, 60_000);
    let request = match scene.enforcer.suspend(&question).await? {
        Suspended::Opened(request) | Suspended::Joined(request) | Suspended::Ready(request) => {
            request
        }
    };
    let asked = request.asked.first().cloned();
    Ok((request, asked.ok_or_else(|| broken("nobody was asked"))?))
}

/// A real decision of the demo's approver, made where the enforcer is.
fn allowed_by_the_approver(scene: &Scene, asked: &Asked) -> Result<Answer, Failure> {
    let keys = &scene.enforcer.identity().keys;
    let statement = Statement::sign(asked.artifact.clone(), Vec::new(), keys)
        .map_err(|e| broken(&e.to_string()))?;
    let edge = Edge::system();
    let name = scene.desk.pairing().name.clone();
    let opened = countersign_approver::open::at_hand(statement, name, keys.public(), edge.now())
        .map_err(|e| broken(&e.to_string()))?;
    let mut fill = |bytes: &mut [u8]| {
        if edge.fill(bytes).is_err() {
            std::process::abort();
        }
    };
    let signed = sign(&opened, &Reply::allow(), scene.desk.keys(), edge.now(), &mut fill)
        .map_err(|e| broken(&e.to_string()))?;
    Ok(signed.answer)
}
