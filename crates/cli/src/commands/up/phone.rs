//! What another device needs to reach a gateway that listens on this machine.

/// In plain words.
pub(super) fn needs(origin: &str) -> String {
    format!(
        "\nThis browser can use the console at once: {origin} is this machine, which browsers trust.\n\
         A phone cannot reach that address, and its browser makes keys only on a page that came over TLS\n\
         with a certificate it trusts. One of these gives it that:\n  \
         - a proxy with a certificate of your own authority, which the phone was told to trust\n  \
         - a gateway on a server with a public name: countersign gateway --behind-proxy --origin https://NAME\n  \
         - a tunnel that ends TLS in front of this gateway\n\
         Then: countersign pair --name phone --relay https://NAME --assurance web\n"
    )
}
