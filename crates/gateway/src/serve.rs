//! Sockets: who may connect, for how long, and how it all ends.

use crate::config::Limits;
use crate::console::Console;
use crate::gateway::Gateway;
use crate::housekeeping::keep_house;
use crate::routes::routes;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use countersign_core::pairing::Origin;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

/// The longest header that is read.
const MAX_HEADER: usize = 16 * 1024;

/// The most header lines that are read.
const MAX_HEADERS: usize = 64;

/// How many connections a console holds open: more than one browser opens (255 channels, and its calls).
const CONSOLE_SEATS: usize = 1024;

/// How long running calls may take to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long to wait when the system has no more sockets.
const BREATH: Duration = Duration::from_millis(100);

/// Serves a gateway until `shutdown` is done, then lets running calls end.
///
/// # Errors
/// `InvalidInput` where the address is not loopback and no proxy is configured, since plain HTTP
/// goes no further than this machine; else what the listener says.
pub async fn serve(
    listener: TcpListener,
    mut gateway: Gateway,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    check_address(address, &gateway)?;
    gateway.config.origins.extend(loopback_origins(address));
    let gateway = Arc::new(gateway);
    let house = House::new(routes(Arc::clone(&gateway)), &gateway.config.limits);
    tokio::select! {
        () = shutdown => {}
        () = house.receive(&listener) => {}
        () = keep_house(&gateway) => {}
    }
    drop(listener);
    gateway.hub.close();
    house.close().await;
    Ok(())
}

/// Serves the console on its approver's own machine until `shutdown` is done.
///
/// # Errors
/// `InvalidInput` where the address is not 127.0.0.1: the page is for this machine's browser only.
pub async fn serve_console(
    listener: TcpListener,
    console: Console,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    if address.ip() != IpAddr::V4(Ipv4Addr::LOCALHOST) {
        let text = format!("a console is served at 127.0.0.1 only, not at `{}`", address.ip());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let ending = console.ending();
    let limits = Limits { connections: CONSOLE_SEATS, ..Limits::default() };
    let house = House::new(console.routes(address), &limits);
    tokio::select! {
        () = shutdown => {}
        () = house.receive(&listener) => {}
    }
    drop(listener);
    ending.send_replace(true);
    house.close().await;
    Ok(())
}

fn check_address(address: SocketAddr, gateway: &Gateway) -> io::Result<()> {
    if address.ip().is_loopback() || gateway.config.behind_proxy {
        return Ok(());
    }
    let text = format!("plain http is served on loopback only, `{}` is not", address.ip());
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}

/// The names under which this machine reaches the listener.
fn loopback_origins(address: SocketAddr) -> impl Iterator<Item = Origin> {
    let port = address.port();
    let hosts = ["127.0.0.1", "[::1]", "localhost"].map(str::to_owned);
    let own = address.ip().is_loopback().then(|| match address {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    });
    let all = own.into_iter().flat_map(move |own| hosts.clone().into_iter().chain([own]));
    all.filter_map(move |host| Origin::parse(&format!("http://{host}:{port}")).ok())
}

/// A running server.
struct House {
    router: Router,
    patience: Duration,
    seats: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl House {
    fn new(router: Router, limits: &Limits) -> Self {
        let seats = limits.connections.min(Semaphore::MAX_PERMITS);
        Self {
            router,
            patience: limits.patience,
            seats: Arc::new(Semaphore::new(seats)),
            closing: watch::Sender::new(false),
        }
    }

    /// Takes connections for ever. Who finds no seat waits at the door, in the kernel's queue.
    async fn receive(&self, listener: &TcpListener) {
        loop {
            let Ok(seat) = Arc::clone(&self.seats).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, peer)) => self.welcome(stream, peer, seat),
                // A connection that broke at once, or no more descriptors: neither is the end.
                Err(_) => sleep(BREATH).await,
            }
        }
    }

    fn welcome(&self, stream: TcpStream, peer: SocketAddr, seat: OwnedSemaphorePermit) {
        // Without it small frames wait for the other side's acknowledgement.
        let _ = stream.set_nodelay(true);
        let router = self.router.clone();
        let closing = self.closing.subscribe();
        let patience = self.patience;
        tokio::spawn(async move {
            converse(stream, peer, router, patience, closing).await;
            drop(seat);
        });
    }

    /// Gives running calls a moment. What would go on without end was told to end before.
    async fn close(self) {
        self.closing.send_replace(true);
        let _ = timeout(FAREWELL, self.closing.closed()).await;
    }
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    patience: Duration,
    mut closing: watch::Receiver<bool>,
) {
    let routes = TowerToHyperService::new(router);
    let with_peer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER)
        .serve_connection(TokioIo::new(stream), with_peer)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // A broken connection concerns nobody but the caller.
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|closing| *closing) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
