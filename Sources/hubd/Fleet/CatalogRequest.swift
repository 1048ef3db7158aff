import Configuration
import Outbox

/// One asking for the catalog, from a service or a broker.
struct CatalogRequest: Sendable {
    private enum Way: Sendable {
        case service(Download)
        case broker(RetainedDownload)
    }

    /// Where it comes from, as it is kept with the catalog and shown.
    let source: String
    private let way: Way

    init(_ service: CatalogService, hub: String) {
        source = service.address(hub: hub)
        switch service.place {
        case .service:
            way = .service(
                Download(
                    url: source, tokenFile: service.secretFile.map(Credential.path),
                    caFile: service.caFile, certFile: service.certFile,
                    keyFile: service.keyFile.map(Credential.path),
                    header: SignedCatalog.name, limit: SignedCatalog.limit))
        case .broker(let broker):
            way = .broker(
                RetainedDownload(
                    broker.outboxSettings, topic: CatalogService.topic(broker.topic, hub: hub),
                    clientID: broker.clientID ?? "hubd-\(hub)-catalog",
                    property: SignedCatalog.name, limit: SignedCatalog.longestFramed))
        }
    }

    /// Asks; blocks for no longer than the limits of a sink.
    func run(tag: String?, now: Int64, stop: Download.Stop) -> Download.Outcome {
        switch way {
        case .service(let download): return download.run(etag: tag, now: now, stop: stop)
        case .broker(let download):
            let outcome = download.run(stop: stop)
            guard case .document(let body, _, nil) = outcome else { return outcome }
            let (signature, bytes) = SignedCatalog.unframed(body)
            return .document(body: bytes, etag: nil, header: signature)
        }
    }
}
