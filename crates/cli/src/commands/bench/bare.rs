//! The least that a durable server can do: axum reads a body, a thread syncs it to the disk
//! together with all that came meanwhile, axum answers.

use super::{failed, limit};
use crate::failure::Failure;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

type Line = (Bytes, oneshot::Sender<()>);

/// A running server; it ends with its value.
pub(super) struct Bare {
    pub(super) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Bare {
    /// `POST /durable` answers when its body is on the disk, `POST /` at once, `GET /` too.
    pub(super) async fn open(path: PathBuf) -> Result<Self, Failure> {
        let (lines, queue) = mpsc::channel();
        let file = limit::open(&path).map_err(failed)?;
        // It ends with the server, which holds the other end.
        std::thread::spawn(move || write(file, &queue));
        let router = Router::new()
            .route("/durable", post(durable))
            .route("/", post(async |body: Bytes| body).get(async || REPLY))
            .route("/health", get(async || ""))
            .with_state(lines);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            tokio::select! {
                // What goes wrong here shows as a server that cannot be reached.
                _ = async { axum::serve(listener, router).await } => {}
                _ = stopped => {}
            }
        });
        Ok(Self { address, _stop: stop })
    }
}

/// As long as a delivered decision without its sealed part.
const REPLY: &str = match std::str::from_utf8(&[b'x'; 1_024]) {
    Ok(text) => text,
    Err(_) => "",
};

async fn durable(State(lines): State<mpsc::Sender<Line>>, body: Bytes) -> &'static str {
    let (done, synced) = oneshot::channel();
    if lines.send((body, done)).is_err() || synced.await.is_err() {
        // Whoever called sees an answer of no length; the figures of a full disk are worthless
        // in any case, and the measured side fails on it.
        return "";
    }
    "done"
}

fn write(mut file: std::fs::File, queue: &mpsc::Receiver<Line>) {
    while let Ok(first) = queue.recv() {
        let group: Vec<Line> = std::iter::once(first).chain(queue.try_iter()).collect();
        let bytes: Vec<u8> = group.iter().flat_map(|(body, _)| body.iter().copied()).collect();
        if file.write_all(&bytes).and_then(|()| file.sync_data()).is_err() {
            return;
        }
        for (_, done) in group {
            let _ = done.send(());
        }
    }
}
