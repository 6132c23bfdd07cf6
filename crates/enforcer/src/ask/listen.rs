//! One request held open at a gateway for each device that has not answered.

use super::{Asking, Relay, way};
use crate::edge::Edge;
use countersign_store::ledger::{Asked, RequestRecord};
use countersign_wire::Envelope;
use countersign_wire::decision::DecisionDeliver;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// The longest that one held request stays open.
pub(super) const HOLD: Duration = Duration::from_secs(30);

/// Waits for the answer to one artifact.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) relay: Relay,
    pub(super) asked: Asked,
}

/// What a listener heard.
pub(super) enum Heard {
    /// Something was delivered; nothing says yet that it is worth anything.
    Answer(Box<Listener>, Box<Envelope<DecisionDeliver>>),
    /// The gateway is away, and why.
    Silence(String),
}

impl Listener {
    /// Holds a request open at the gateway, again and again, until there is an answer. Ends with
    /// the first one: a gateway never changes a decision, so a second look would find the same.
    async fn listen(self, edge: Edge, heard: Sender<Heard>) {
        let mut attempt = 0;
        loop {
            let id = &self.asked.artifact.head.request_id;
            match self.relay.client.wait_decision(id, HOLD).await {
                Ok(Some(envelope)) => {
                    let from = Box::new(self.clone());
                    let _ = heard.send(Heard::Answer(from, Box::new(envelope))).await;
                    return;
                }
                Ok(None) => attempt = 0,
                Err(error) => {
                    let _ = heard.send(Heard::Silence(error.to_string())).await;
                    tokio::time::sleep(edge.pause(&mut attempt)).await;
                }
            }
        }
    }
}

impl Asking<'_> {
    /// One listener for every device that has not answered yet. They end with the set.
    pub(super) fn listen(self, request: &RequestRecord) -> (Receiver<Heard>, JoinSet<()>) {
        let (heard, hear) = channel(8);
        let mut listeners = JoinSet::new();
        for asked in request.asked_now().filter(|asked| !request.has_answer_to(asked)) {
            if let Some(relay) = way(asked, self.relays) {
                let listener = Listener { relay: relay.clone(), asked: asked.clone() };
                listeners.spawn(listener.listen(self.enforcer.edge().clone(), heard.clone()));
            }
        }
        (hear, listeners)
    }
}
