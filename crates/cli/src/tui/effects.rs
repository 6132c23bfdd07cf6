//! What the screen wants done, done at the edge: it signs, sends, lists and listens, and tells the
//! result as an event.

use super::event::{Answer, Effect, Event};
use super::model::{Entry, Fate, Link};
use super::past::PastRow;
use countersign_approver::Desk;
use countersign_approver::desk::AnswerError;
use countersign_approver::history::{Answered, History};
use countersign_approver::home::Home;
use countersign_client::{Channel, Client, ClientError};
use countersign_core::display::visible;
use countersign_core::time::Instant;
use countersign_enforcer::Edge;
use countersign_wire::artifact::ApprovalRequest;
use countersign_wire::envelope::{Body as _, Envelope};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// How long answers that are on their way are waited for when the screen closes.
const LAST: Duration = Duration::from_secs(10);

/// The least time between two listings that a gateway can bring about.
const PAUSE: Duration = Duration::from_millis(300);

/// Who does it: the desks, and where results go.
pub(super) struct Runner {
    edge: Arc<Office>,
    /// Answers: they are finished before the process ends.
    answers: JoinSet<()>,
    /// Everything else ends with the screen.
    rest: JoinSet<()>,
}

struct Office {
    desks: Vec<Desk<Client>>,
    home: Home,
    events: Sender<Event>,
    clock: Edge,
}

impl Runner {
    pub(super) fn new(desks: Vec<Desk<Client>>, home: Home, events: Sender<Event>) -> Self {
        let edge = Arc::new(Office { desks, home, events, clock: Edge::system() });
        Self { edge, answers: JoinSet::new(), rest: JoinSet::new() }
    }

    pub(super) fn run(&mut self, effect: Effect) {
        let office = Arc::clone(&self.edge);
        match effect {
            Effect::Answer(answer) => {
                self.answers.spawn(async move { office.answer(*answer).await });
            }
            Effect::Open(desk) => {
                self.rest.spawn(async move { office.listen(desk).await });
            }
            Effect::Refresh(desk) => {
                self.rest.spawn(async move {
                    let _ = office.list(desk).await;
                });
            }
            Effect::LoadPast => {
                self.rest.spawn(async move { office.load_past().await });
            }
            Effect::Freeze(desk) => {
                self.answers.spawn(async move { office.freeze(desk).await });
            }
        }
    }

    /// Whether something that ran panicked; what ended is let go.
    pub(super) fn panicked(&mut self) -> bool {
        let mut ended = Vec::new();
        ended.extend(std::iter::from_fn(|| self.answers.try_join_next()));
        ended.extend(std::iter::from_fn(|| self.rest.try_join_next()));
        ended.into_iter().any(|end| end.is_err_and(|error| error.is_panic()))
    }

    /// Ends: what is on its way gets a last chance to arrive. What does not is kept, and sent by
    /// the next `inbox`.
    pub(super) async fn end(mut self) {
        self.rest.abort_all();
        let all = async { while self.answers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST, all).await;
    }
}

impl Office {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn tell(&self, event: Event) {
        // Nobody listens any more once the screen is closed.
        let _ = self.events.send(event).await;
    }

    async fn link(&self, desk: usize, link: Link) {
        self.tell(Event::Link { desk, link }).await;
    }

    /// Signs, writes down and sends, in this order.
    async fn answer(&self, answer: Answer) {
        let Answer { id, opened, reply } = answer;
        let Some(desk) = self.desks.get(id.desk) else { return };
        let mut fill = |bytes: &mut [u8]| self.fill(bytes);
        let answered = desk.answer(&opened, &reply, self.now(), &mut fill).await;
        self.tell(Event::Answered { id, fate: fate(answered) }).await;
    }

    /// Without randomness a nonce would repeat: the process ends before anything is signed.
    fn fill(&self, bytes: &mut [u8]) {
        if self.clock.fill(bytes).is_err() {
            std::process::abort();
        }
    }

    async fn freeze(&self, at: usize) {
        let Some(desk) = self.desks.get(at) else { return };
        let mut fill = |bytes: &mut [u8]| self.fill(bytes);
        let sent = desk.freeze(None, self.now(), &mut fill).await;
        let sent = sent.map(|_| ()).map_err(|error| visible(&error.to_string(), false));
        self.tell(Event::Frozen { desk: at, sent }).await;
    }

    async fn load_past(&self) {
        let history = History::of(&self.home);
        let read = tokio::task::spawn_blocking(move || history.list()).await;
        let Ok(read) = read else { return };
        let rows = read.map(|all| all.into_iter().filter_map(PastRow::of).collect());
        self.tell(Event::Past(rows.map_err(|e| visible(&e.to_string(), false)))).await;
    }

    /// Keeps listening, for as long as the screen is there.
    async fn listen(&self, at: usize) {
        let mut attempt = 0;
        loop {
            if let Err(error) = self.session(at, &mut attempt).await {
                let why = visible(&error, false);
                self.link(at, Link::Away(why)).await;
            }
            tokio::time::sleep(self.clock.pause(&mut attempt)).await;
        }
    }

    /// One channel from its beginning to its end. Without one, the gateway is asked once.
    async fn session(&self, at: usize, attempt: &mut u32) -> Result<(), String> {
        let Some(desk) = self.desks.get(at) else { return Ok(()) };
        let opened = desk.relay().channel().await;
        // What came before the channel was open is on the list.
        self.list(at).await?;
        let mut channel = opened.map_err(|error| words(&error))?;
        self.link(at, Link::Live).await;
        *attempt = 0;
        loop {
            let envelope = channel.next().await.map_err(|error| words(&error))?;
            self.heard(at, desk, &mut channel, envelope).await?;
        }
    }

    /// A request is shown; anything else is a reason to look at the list.
    async fn heard(
        &self,
        at: usize,
        desk: &Desk<Client>,
        channel: &mut Channel,
        envelope: Envelope,
    ) -> Result<(), String> {
        if envelope.msg_type != ApprovalRequest::MSG_TYPE {
            tokio::time::sleep(PAUSE).await;
            return self.list(at).await;
        }
        let (message, request) = (envelope.msg_id.clone(), envelope.request_id.clone());
        let envelope = envelope.open::<ApprovalRequest>().map_err(|error| error.to_string())?;
        let item = desk.receive(&envelope, self.now()).map_err(|error| error.to_string())?;
        self.tell(Event::Arrived(Box::new(Entry::of(at, item)))).await;
        match message {
            Some(message) => channel.ack(&message, &request).await.map_err(|e| words(&e)),
            None => Ok(()),
        }
    }

    /// Sends what was kept, and lists.
    async fn list(&self, at: usize) -> Result<(), String> {
        let Some(desk) = self.desks.get(at) else { return Ok(()) };
        let now = self.now();
        if !desk.resend(now).await.map_err(|error| error.to_string())?.is_empty() {
            self.load_past().await;
        }
        let items = desk.list(now).await.map_err(|error| error.to_string())?;
        let entries = items.into_iter().map(|item| Entry::of(at, item)).collect();
        self.tell(Event::Listed { desk: at, entries }).await;
        Ok(())
    }
}

/// The gateway's words are foreign: they are made safe to show here.
fn words(error: &ClientError) -> String {
    visible(&error.to_string(), false)
}

fn fate(answered: Result<Answered, AnswerError>) -> Fate {
    match answered {
        Ok(_) => Fate::Delivered,
        Err(AnswerError::NotSent(why)) => Fate::Kept(why.to_string()),
        Err(AnswerError::NotTaken(why)) => Fate::NotTaken(why.to_string()),
        Err(other) => Fate::NotSigned(visible(&other.to_string(), false)),
    }
}
