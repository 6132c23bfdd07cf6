//! A wire that keeps every byte: a TCP proxy in front of a gateway.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Listens at once, forwards as soon as it knows where to.
pub struct Recorder {
    address: SocketAddr,
    tape: Arc<Tape>,
}

#[derive(Default)]
struct Tape {
    target: Mutex<Option<SocketAddr>>,
    /// Each direction of each connection by itself, so that no text is cut in two.
    streams: Mutex<Vec<Vec<u8>>>,
}

impl Recorder {
    /// Starts one on a free port of this machine.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let tape = Arc::new(Tape::default());
        let running = Arc::clone(&tape);
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let tape = Arc::clone(&running);
                // A caller whom nobody answers notices it by itself.
                thread::spawn(move || tape.connect(caller));
            }
        });
        Self { address, tape }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on calls are forwarded there.
    pub fn forward_to(&self, target: SocketAddr) {
        *self.tape.target.lock().unwrap_or_else(PoisonError::into_inner) = Some(target);
    }

    /// Everything that passed so far: one text for each direction of each connection.
    #[must_use]
    pub fn streams(&self) -> Vec<Vec<u8>> {
        self.tape.streams().clone()
    }
}

impl Tape {
    fn connect(self: &Arc<Self>, caller: TcpStream) -> io::Result<()> {
        let target = *self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let server = TcpStream::connect(target.ok_or(io::ErrorKind::NotConnected)?)?;
        caller.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from, to) = (caller.try_clone()?, server.try_clone()?);
        let tape = Arc::clone(self);
        thread::spawn(move || tape.carry(from, to));
        self.carry(server, caller)
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let at = self.open();
        loop {
            let read = from.read(&mut buffer)?;
            let chunk = buffer.get(..read).unwrap_or_default();
            if chunk.is_empty() {
                return to.shutdown(Shutdown::Write);
            }
            if let Some(stream) = self.streams().get_mut(at) {
                stream.extend_from_slice(chunk);
            }
            to.write_all(chunk)?;
        }
    }

    fn open(&self) -> usize {
        let mut streams = self.streams();
        streams.push(Vec::new());
        streams.len() - 1
    }

    fn streams(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
