//! A stand-in for the hosts' models: it calls the tools of a script, and keeps what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::Host;
use super::script::Script;
use super::speech;

/// The longest request that is read.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// A server on this machine; gone with this value.
pub(super) struct Model {
    address: SocketAddr,
    desk: Arc<Desk>,
}

/// What its connections share.
struct Desk {
    host: Host,
    script: Script,
    heard: Mutex<Vec<String>>,
    closed: AtomicBool,
}

impl Model {
    pub(super) fn start(host: Host, script: Script) -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let (heard, closed) = (Mutex::default(), AtomicBool::new(false));
        let desk = Arc::new(Desk { host, script, heard, closed });
        let at = Arc::clone(&desk);
        thread::spawn(move || serve(&listener, &at));
        Ok(Self { address, desk })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every tool's result that reached it, of all conversations, in order.
    pub(super) fn heard(&self) -> Vec<String> {
        self.desk.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.desk.closed.store(true, Ordering::SeqCst);
        // Wakes the one who waits for a connection.
        let _woken = TcpStream::connect(self.address);
    }
}

fn serve(listener: &TcpListener, desk: &Arc<Desk>) {
    for stream in listener.incoming() {
        if desk.closed.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(stream), desk) = (stream, Arc::clone(desk)) else { continue };
        thread::spawn(move || desk.answer(stream));
    }
}

impl Desk {
    /// One request of one connection. Whatever goes wrong, the host sees a connection that ends.
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.set_write_timeout(Some(Duration::from_secs(10)))?;
        let (path, body) = read(&stream)?;
        let (kind, said) = match serde_json::from_slice::<Value>(&body) {
            Ok(asked) if path.contains("count_tokens") || !speech::is_turn(&asked) => {
                ("application/json", "{\"input_tokens\":1}".to_owned())
            }
            Ok(asked) => ("text/event-stream", self.turn(&asked)),
            Err(_) => ("application/json", "{}".to_owned()),
        };
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{said}",
            said.len()
        )
    }

    fn turn(&self, asked: &Value) -> String {
        let results = speech::results(self.host, asked);
        let helper = speech::is_helper(asked);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        for result in &results {
            if !heard.contains(result) {
                heard.push(result.clone());
            }
        }
        drop(heard);
        let next = self.script.next(helper, results.len());
        speech::said(self.host, next.as_ref(), results.last().map_or("", String::as_str))
    }
}

/// The path and the body of a request.
fn read(stream: &TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream).take(MAX_BYTES);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok((first.split(' ').nth(1).unwrap_or_default().to_owned(), body))
}
