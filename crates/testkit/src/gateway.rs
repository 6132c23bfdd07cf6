//! The real gateway, with somebody in front of it who does what a test says.
//!
//! It speaks plain HTTP on a free port of this machine and keeps everything that passes. Without
//! a script it is honest.

use crate::PATIENCE;
use crate::call::{Call, Kind, Reply};
use crate::chance;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::UPGRADE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use countersign_core::pairing::Origin;
use countersign_gateway::{Config, Gateway, router};
use countersign_store::relay::memory::MemoryRelay;
use futures_util::future::BoxFuture;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

type Script = dyn Fn(Call, Honest) -> BoxFuture<'static, Reply> + Send + Sync;

/// A gateway that a test scripts. It ends with the test.
pub struct HostileGateway {
    url: String,
    stage: Arc<Stage>,
    _runtime: Runtime,
}

/// One call and the reply that was given to it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// As the device made it.
    pub call: Call,
    /// As the device got it; `None` while the gateway still holds the call.
    pub reply: Option<Reply>,
}

struct Stage {
    script: Mutex<Arc<Script>>,
    seen: Mutex<Vec<Seen>>,
    news: Condvar,
}

/// The honest gateway behind the script; it may be asked any number of times.
#[derive(Clone)]
pub struct Honest {
    next: Next,
}

impl Honest {
    /// What the honest gateway answers.
    pub async fn answer(&self, call: Call) -> Reply {
        Reply::read(self.next.clone().run(call.into_request()).await).await
    }
}

impl HostileGateway {
    /// Starts one, honest so far.
    ///
    /// # Panics
    /// Where this machine has no free port or thread.
    #[must_use]
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let bound = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = bound.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound port"));
        let stage = Arc::new(Stage {
            script: Mutex::new(honesty()),
            seen: Mutex::default(),
            news: Condvar::new(),
        });
        let app = app(&url, Arc::clone(&stage));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { url, stage, _runtime: runtime }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on every call goes through `script`.
    pub fn script<F>(&self, script: impl Fn(Call, Honest) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let boxed = move |call, honest| Box::pin(script(call, honest)) as BoxFuture<'static, _>;
        *lock(&self.stage.script) = Arc::new(boxed);
    }

    /// Makes an end of the script. Calls that it holds go on as they are.
    pub fn be_honest(&self) {
        *lock(&self.stage.script) = honesty();
    }

    /// Everything that passed so far, in the order of arrival.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.stage.seen).clone()
    }

    /// The calls of one kind so far.
    #[must_use]
    pub fn calls(&self, kind: Kind) -> Vec<Call> {
        self.seen().into_iter().map(|seen| seen.call).filter(|call| call.kind == kind).collect()
    }

    /// Waits until something passed that `wanted` recognises.
    ///
    /// # Panics
    /// Where it does not come in time.
    pub fn wait_for<T>(&self, what: &str, wanted: impl Fn(&Seen) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = lock(&self.stage.seen);
        loop {
            if let Some(found) = seen.iter().find_map(&wanted) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the gateway never saw {what}");
            let woken = self.stage.news.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until `count` calls of a kind have arrived, and returns them.
    ///
    /// # Panics
    /// Where they do not come in time.
    pub fn wait_for_calls(&self, kind: Kind, count: usize) -> Vec<Call> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = lock(&self.stage.seen);
        loop {
            let calls: Vec<Call> =
                seen.iter().filter(|s| s.call.kind == kind).map(|s| s.call.clone()).collect();
            if calls.len() >= count {
                return calls;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} of {count} {kind:?} calls arrived", calls.len());
            let woken = self.stage.news.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Stage {
    fn arrived(&self, call: Call) -> usize {
        let mut seen = lock(&self.seen);
        seen.push(Seen { call, reply: None });
        self.news.notify_all();
        seen.len() - 1
    }

    fn answered(&self, at: usize, reply: Reply) {
        if let Some(seen) = lock(&self.seen).get_mut(at) {
            seen.reply = Some(reply);
        }
        self.news.notify_all();
    }
}

fn app(url: &str, stage: Arc<Stage>) -> Router {
    let origin = Origin::parse(url).expect("an origin");
    let config = Config { origins: vec![origin], ..Config::default() };
    let (clock, entropy) = (Arc::new(chance::now), Arc::new(chance::fill));
    let gateway = Gateway::new(Arc::new(MemoryRelay::new()), config, clock, entropy);
    // Before the routes, so that a script can send a call elsewhere.
    Router::new().fallback_service(router(gateway)).layer(from_fn_with_state(stage, between))
}

/// Stands between the devices and the gateway.
async fn between(State(stage): State<Arc<Stage>>, request: Request, next: Next) -> Response {
    if request.headers().contains_key(UPGRADE) {
        return next.run(request).await;
    }
    let call = Call::read(request).await;
    let at = stage.arrived(call.clone());
    let script = Arc::clone(&lock(&stage.script));
    // What the gateway does it does to the end, also where the caller has hung up.
    let answering = tokio::spawn(async move {
        let reply = script(call, Honest { next }).await;
        stage.answered(at, reply.clone());
        reply
    });
    answering.await.unwrap_or_else(|_| Reply::lost()).into_response()
}

fn honesty() -> Arc<Script> {
    Arc::new(|call, honest: Honest| Box::pin(async move { honest.answer(call).await }))
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
