//! One HTTP call, written by hand: what no honest client would send.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Raw {
    /// The code of an error envelope.
    pub(crate) fn code(&self) -> String {
        let envelope: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(envelope["msgType"], "error");
        envelope["body"]["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn get(address: SocketAddr, path: &str, token: Option<&str>) -> Raw {
    send(address, "GET", path, token, "application/harp+json", b"").await
}

pub(crate) async fn post(
    address: SocketAddr,
    path: &str,
    token: Option<&str>,
    body: impl AsRef<[u8]>,
) -> Raw {
    send(address, "POST", path, token, "application/harp+json", body.as_ref()).await
}

pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    media_type: &str,
    body: &[u8],
) -> Raw {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    if let Some(token) = token {
        head += &format!("authorization: Bearer {token}\r\n");
    }
    head += &format!("content-type: {media_type}\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // A gateway that has heard enough may have hung up already.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Raw { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}
