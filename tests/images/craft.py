# SPDX-License-Identifier: Apache-2.0
"""Image layouts for tests, byte by byte: `python3 craft.py LAYOUT` runs the lines on stdin, which
call the functions below, and writes the layout. Nothing here checks anything: what no honest writer
makes is the point."""
import base64, gzip, hashlib, json, os, struct, subprocess, sys

layers = []          # (blob, media type, diff id)
made = {}            # blobs by digest
config = {"architecture": "amd64", "os": "linux", "config": {}}
manifest = {}        # keys to add to the manifest, or to replace
index = {}
ref = "t"
layer_change = []    # called with each layer's descriptor
diff_ids = None
oci_layout = {"imageLayoutVersion": "1.0.0"}
platform = {"architecture": "amd64", "os": "linux"}
extra = []           # descriptors for index.json
OCI = "application/vnd.oci.image."


def number(value, width):
    if isinstance(value, bytes):
        return value
    if value < 0 or value >= 8 ** (width - 1):
        return bytes([0x80 if value >= 0 else 0xff]) + (value & (1 << 8 * (width - 1)) - 1).to_bytes(width - 1, "big")
    return b"%0*o\0" % (width - 1, value)


def text(value):
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def header(name, kind="0", size=0, mode=0o644, uid=0, gid=0, mtime=1000, link="", major=0, minor=0, magic=b"ustar\x0000",
           prefix=b"", checksum=None):
    h = (text(name)[:100].ljust(100, b"\0") + number(mode, 8) + number(uid, 8) + number(gid, 8) + number(size, 12)
         + number(mtime, 12) + b" " * 8 + text(kind) + text(link)[:100].ljust(100, b"\0") + magic + b"\0" * 64
         + number(major, 8) + number(minor, 8) + prefix.ljust(155, b"\0") + b"\0" * 12)
    total = sum(h) if checksum is None else checksum
    return h[:148] + b"%06o\0 " % total + h[156:]


def pad(data):
    return data + b"\0" * (-len(data) % 512)


def file(name, content="", **k):
    content = text(content)
    k.setdefault("size", len(content))
    return header(name, **k) + pad(content)


def folder(name, **k):
    return header(name, "5", **{"mode": 0o755, **k})


def sym(name, target, **k):
    return header(name, "2", link=target, mode=0o777, **k)


def hard(name, target, **k):
    return header(name, "1", link=target, **k)


def node(name, kind="3", major=1, minor=3, **k):
    return header(name, kind, major=major, minor=minor, **k)


def record(key, value):
    body = b" " + text(key) + b"=" + text(value) + b"\n"
    n = len(body) + 1
    while len(str(n)) + len(body) != n:
        n = len(str(n)) + len(body)
    return str(n).encode() + body


def pax(entry, kind="x", raw=None, **records):
    data = raw if raw is not None else b"".join(record(k.replace("__", "."), v) for k, v in records.items())
    return header("pax", kind, len(data)) + pad(data) + entry


def xattr(entry, *pairs):
    data = b"".join(record(b"SCHILY.xattr." + text(k), v) for k, v in pairs)
    return header("pax", "x", len(data)) + pad(data) + entry


def long_name(entry, name, kind="L", nul=True):
    data = text(name) + (b"\0" if nul else b"")
    return header("././@LongLink", kind, len(data)) + pad(data) + entry


def blob(data, algorithm="sha256"):
    digest = algorithm + ":" + hashlib.new(algorithm, data).hexdigest()
    made[digest] = data
    return digest


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def layer(*entries, end=b"\0" * 1024, codec="gzip", kind=None, squeeze=None, diff_id=None):
    plain = b"".join(entries) + end
    packed = squeeze(plain) if squeeze else {"gzip": lambda d: gzip.compress(d, 1, mtime=0), "zstd": zstd,
                                             "plain": lambda d: d}[codec](plain)
    kind = kind or OCI + "layer.v1.tar" + {"gzip": "+gzip", "zstd": "+zstd", "plain": ""}[codec]
    layers.append((packed, kind, diff_id or "sha256:" + hashlib.sha256(plain).hexdigest()))


def descriptor(data, kind, **k):
    return {"mediaType": kind, "digest": blob(data), "size": len(data), **k}


def image():
    """The manifest's descriptor of what was said so far."""
    found = []
    for packed, kind, _ in layers:
        d = descriptor(packed, kind)
        for change in layer_change:
            change(d)
        found.append(d)
    c = dict(config)
    c["rootfs"] = {"type": "layers", "diff_ids": diff_ids if diff_ids is not None else [i for _, _, i in layers], **c.get("rootfs", {})}
    m = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
         "config": descriptor(json.dumps(c).encode(), OCI + "config.v1+json"), "layers": found, **manifest}
    return descriptor(json.dumps(m).encode(), m.get("mediaType", OCI + "manifest.v1+json"))


def write(to):
    top = image()
    if platform:
        top["platform"] = platform
    if ref:
        top["annotations"] = {"org.opencontainers.image.ref.name": ref}
    i = {"schemaVersion": 2, "manifests": [top] + extra, **index}
    os.makedirs(to, exist_ok=True)
    for digest, data in made.items():
        path = os.path.join(to, "blobs", *digest.split(":"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
    for name, doc in (("oci-layout", oci_layout), ("index.json", i)):
        with open(os.path.join(to, name), "w") as f:
            f.write(doc if isinstance(doc, str) else json.dumps(doc))


if __name__ == "__main__":
    exec(sys.stdin.read())
    write(sys.argv[1])
