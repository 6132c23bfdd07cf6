//! A WebSocket to a gateway, encrypted or not: for channels of one's own and for those passed through.

use crate::error::ClientError;
use crate::http::{CALL, CONNECT, refusal};
use crate::tls::is_encrypted;
use countersign_core::pairing::Origin;
use countersign_wire::limit;
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The largest frame: a sealed artifact and the envelope around it.
pub(crate) const MAX_FRAME: usize = limit::ARTIFACT_SUBMIT + limit::MESSAGE;

/// A connection, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(crate) type Socket = WebSocketStream<Box<dyn Stream>>;

/// Opens the live channel that these words behind the question mark name.
pub(crate) async fn dial(
    origin: &Origin,
    tls: &Arc<ClientConfig>,
    query: &[(&str, &str)],
    token: Option<&str>,
) -> Result<Socket, ClientError> {
    let mut url =
        Url::parse(&origin.as_str().replacen("http", "ws", 1)).map_err(ClientError::protocol)?;
    url.set_path("/v1/ws");
    url.query_pairs_mut().extend_pairs(query);
    let mut request = url.as_str().into_client_request().map_err(ClientError::protocol)?;
    if let Some(token) = token {
        let bearer = HeaderValue::try_from(format!("Bearer {token}"));
        let bearer = bearer.map_err(|_| ClientError::Protocol("no token".to_owned()))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let opening = async {
        let stream = connect(origin, tls).await?;
        let opened = client_async_with_config(request, stream, Some(config)).await;
        opened.map(|(socket, _)| socket).map_err(failed)
    };
    timeout(CALL, opening).await.unwrap_or_else(|_| Err(late()))
}

async fn connect(origin: &Origin, tls: &Arc<ClientConfig>) -> Result<Box<dyn Stream>, ClientError> {
    let url = Url::parse(origin.as_str()).map_err(ClientError::protocol)?;
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or_default();
    let connecting = timeout(CONNECT, TcpStream::connect((bare.as_str(), port))).await;
    let tcp = connecting.map_err(|_| late())?.map_err(|_| unreachable("no connection"))?;
    // Without it small frames wait for the other side's acknowledgement.
    let _ = tcp.set_nodelay(true);
    if !is_encrypted(origin) {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(bare).map_err(ClientError::protocol)?;
    let tls = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await;
    Ok(Box::new(tls.map_err(|_| unreachable("no secure connection"))?))
}

pub(crate) fn failed(error: Error) -> ClientError {
    match error {
        Error::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            refusal(response.status().as_u16(), body, None)
        }
        Error::Capacity(_) => ClientError::Protocol("a frame is too large".to_owned()),
        Error::Protocol(_) | Error::Utf8(_) => unreachable("the channel broke"),
        _ => unreachable("the connection broke"),
    }
}

pub(crate) fn unreachable(why: &str) -> ClientError {
    ClientError::Unreachable(why.to_owned())
}

pub(crate) fn late() -> ClientError {
    unreachable("no answer in time")
}
