//! One connection that is kept, and one call on it at a time.
//!
//! A full client costs this machine as much as the gateway that it calls. Both the gateway and
//! the bare server that is its limit are called by this lean one.

use super::failed;
use crate::failure::Failure;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Wire {
    stream: TcpStream,
    authorization: String,
    heard: Vec<u8>,
}

impl Wire {
    /// Connects; `token` is empty where there is no session.
    pub(super) async fn connect(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let authorization = match token {
            "" => String::new(),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        Ok(Self { stream, authorization, heard: Vec::with_capacity(8 * 1024) })
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<&[u8], Failure> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{}\r\n", self.authorization);
        self.call(head.into_bytes()).await
    }

    pub(super) async fn post(&mut self, path: &str, body: &[u8]) -> Result<&[u8], Failure> {
        let (authorization, length) = (&self.authorization, body.len());
        let mut message = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\n{authorization}\
             content-type: application/harp+json\r\ncontent-length: {length}\r\n\r\n"
        )
        .into_bytes();
        message.extend_from_slice(body);
        self.call(message).await
    }

    async fn call(&mut self, message: Vec<u8>) -> Result<&[u8], Failure> {
        let late = |_| failed("a server did not answer in time");
        let (from, to) = timeout(PATIENCE, self.exchange(message)).await.map_err(late)??;
        Ok(self.heard.get(from..to).unwrap_or_default())
    }

    /// Sends a message and reads the reply; returns where its body lies.
    async fn exchange(&mut self, message: Vec<u8>) -> Result<(usize, usize), Failure> {
        self.stream.write_all(&message).await.map_err(failed)?;
        self.heard.clear();
        loop {
            if let Some((from, to)) = reply(&self.heard)?
                && self.heard.len() >= to
            {
                return Ok((from, to));
            }
            if self.stream.read_buf(&mut self.heard).await.map_err(failed)? == 0 {
                return Err(failed("a server hung up"));
            }
        }
    }
}

/// Where the body of a reply lies, once its head is there. Anything but success fails the bench.
fn reply(heard: &[u8]) -> Result<Option<(usize, usize)>, Failure> {
    let Some(end) = heard.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(heard.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        return Err(failed(format!("a server answered `{status}`")));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(Ok(0), |text| text.trim().parse::<usize>()).map_err(failed)?;
    Ok(Some((end + 4, end + 4 + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_whole_when_its_body_is_there() {
        assert_eq!(reply(b"HTTP/1.1 200 OK\r\n").unwrap(), None);
        let whole = b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(reply(whole).unwrap(), Some((44, 47)));
        assert_eq!(reply(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), Some((27, 27)));
        assert!(reply(b"HTTP/1.1 404 Not Found\r\n\r\n").is_err());
        assert!(reply(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n").is_err());
    }
}
