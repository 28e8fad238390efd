// swift-tools-version: 6.2

import PackageDescription

/// A package of somebody else's, with none of our settings: what it does must build without a warning.
let package = Package(
    name: "embedder", platforms: [.macOS(.v15)],
    dependencies: [.package(name: "indelible", path: "../../..")],
    targets: [
        .target(
            name: "Plain",
            dependencies: [
                .product(name: "Indelible", package: "indelible"),
                .product(name: "IndelibleTesting", package: "indelible"),
            ]),
        .target(
            name: "MainActorByDefault", dependencies: [.product(name: "Indelible", package: "indelible")],
            swiftSettings: [.defaultIsolation(MainActor.self)]),
        .target(
            name: "Approachable", dependencies: [.product(name: "Indelible", package: "indelible")],
            swiftSettings: [
                .defaultIsolation(MainActor.self), .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .enableUpcomingFeature("InferIsolatedConformances"),
            ]),
    ])
