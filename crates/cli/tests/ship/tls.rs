//! A collector under TLS, as everywhere but on this machine.

use super::*;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A name and a key for 127.0.0.1, signed by an authority that is gone. They are worth nothing
/// anywhere else.
const CERTIFICATE: &[u8] = include_bytes!("collector.pem");
const KEY: &[u8] = include_bytes!("collector.key");
const AUTHORITY: &[u8] = include_bytes!("authority.pem");

fn config() -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

/// Takes everything under TLS; returns its address and what it heard.
fn start() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/audit", listener.local_addr().unwrap());
    let (heard, config) = (Arc::new(Mutex::new(Vec::new())), config());
    let to = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            take(StreamOwned::new(tls, stream.unwrap()), &to);
        }
    });
    (url, heard)
}

fn take(stream: StreamOwned<ServerConnection, TcpStream>, heard: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        // Who does not trust the name hangs up.
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head.to_lowercase();
    let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    heard.lock().unwrap().push(String::from_utf8(body).unwrap());
    let answer = format!("HTTP/1.1 {TAKEN}Content-Length: 0\r\nConnection: close\r\n\r\n");
    let mut stream = reader.into_inner();
    stream.write_all(answer.as_bytes()).unwrap();
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

#[test]
fn attack_31_lines_go_under_tls_to_a_collector_whose_name_is_vouched_for_and_to_no_other() {
    let world = story();
    let (url, heard) = start();
    let args = ["audit", "ship", "--to", &url, "--json"];
    // This machine does not know the authority.
    let output = world.command("enforcer", &args).env_remove("SSL_CERT_FILE").output().unwrap();
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(14), "no_route"));
    assert!(heard.lock().unwrap().is_empty());
    let authority = world.path("authority.pem");
    std::fs::write(&authority, AUTHORITY).unwrap();
    let send = || world.command("enforcer", &args).env("SSL_CERT_FILE", &authority).output();
    let output = send().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = heard.lock().unwrap().concat();
    let told: Vec<String> = told.lines().map(|l| json(l.as_bytes())["id"].to_string()).collect();
    let all: Vec<String> = ids(&world).iter().map(|id| format!("\"{id}\"")).collect();
    assert_eq!(told, all);
    assert_eq!(json(&send().unwrap().stdout)["lines"], 0);
    assert_eq!(heard.lock().unwrap().len(), 1);
}
