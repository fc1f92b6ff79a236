// swift-tools-version: 6.2
import PackageDescription

/// The settings of every module; each `unsafe` in the sources is deliberate.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // A request crosses six modules; the flag lets calls between them be inlined. Exclusive access is checked in release
    // as in debug, except to the properties marked `@exclusivity(unchecked)`.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// The settings of tests: no strict memory safety; warnings are errors.
let testing: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: testing)
}

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "todo-fcgi",
    dependencies: [
        // The commands: the standard parser, with help and completion scripts.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // The standard log interface of Swift servers; only the worker uses it.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // `Deque`: a first-in, first-out queue with constant cost at both ends.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        // C libraries, one module each.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CFastCGI", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev", "libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // Bytes and the system, for all modules above.
        module("Base", ["CLinux"]),

        // Mechanisms, each hiding its C library.
        module("EventLoop", ["Base", "CLinux"]),
        module("FastCGI", ["EventLoop", "Base", "CFastCGI", "CLinux"]),
        module("PostgreSQL", ["EventLoop", "Base", "CLibPQ", deque]),
        module("OpenSSL", ["Base", "COpenSSL"]),
        module("JSON", ["Base"]),
        module("Metrics", ["EventLoop", "Base", "CLinux"]),

        // The service.
        module("Tasks"),
        module("JWT", ["OpenSSL", "JSON", "Base"]),
        module("JWKS", ["JWT", "OpenSSL", "EventLoop", "Base", "CCurl"]),
        module("TasksPostgreSQL", ["Tasks", "PostgreSQL", "EventLoop", "Base", deque]),
        module("TaskAPI", ["Tasks", "JWT", "JSON", "Base"]),
        // Shared by the worker and the operator's commands.
        module(
            "Settings", ["Base", "JWKS", "JWT", "Metrics", "PostgreSQL", "TaskAPI", "TasksPostgreSQL", logging]),
        module("PoolMetrics", ["JWT", "Metrics", "PostgreSQL", "TaskAPI"]),

        // The operator's commands.
        module(
            "Operations",
            [
                "Settings", "PoolMetrics", "TaskAPI", "TasksPostgreSQL", "JWKS", "JWT", "Metrics", "PostgreSQL", "Base",
                arguments,
            ]),

        // The worker, and the list of commands.
        .executableTarget(
            name: "todo-fcgi",
            dependencies: [
                "Operations", "Settings", "PoolMetrics", "TaskAPI", "TasksPostgreSQL", "JWKS", "JWT", "Tasks",
                "Metrics",
                "JSON", "FastCGI", "PostgreSQL", "EventLoop", "Base", arguments, logging, deque,
            ],
            swiftSettings: strict,
            // Full RELRO: the links to the C libraries are resolved at start and read-only from then on.
            linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]
        ),

        // Run under callgrind by `deploy/test budget`, never shipped.
        .executableTarget(
            name: "hot-path", dependencies: ["Base", "JWT", "TaskAPI", "Tasks"], path: "Tests/HotPath",
            exclude: ["budgets.json"], swiftSettings: strict
        ),

        tests("BaseTests", ["Base"]),
        tests("EventLoopTests", ["EventLoop", "Base"]),
        tests("FastCGITests", ["FastCGI", "EventLoop", "Base"]),
        tests("PostgreSQLTests", ["PostgreSQL", "EventLoop", "Base"]),
        tests("OpenSSLTests", ["OpenSSL"]),
        tests("JSONTests", ["JSON", "Base"]),
        tests("MetricsTests", ["Metrics", "EventLoop", "Base"]),
        tests("JWTTests", ["JWT", "JSON", "OpenSSL", "Base"]),
        tests("JWKSTests", ["JWKS", "JWT", "EventLoop", "Base"]),
        tests("TasksTests", ["Tasks"]),
        tests("TaskAPITests", ["TaskAPI", "Tasks", "JWT", "JSON", "Base"]),
        tests("TasksPostgreSQLTests", ["TasksPostgreSQL", "Tasks", "PostgreSQL", "EventLoop", "Base"]),
        tests("SettingsTests", ["Settings", "JWKS", "JWT", "TaskAPI", "Base", logging]),
        tests("OperationsTests", ["Operations", "Settings", "PoolMetrics", "Base"]),
        tests(
            "TodoFCGITests",
            [
                "todo-fcgi", "Operations", "PoolMetrics", "Settings", "TaskAPI", "FastCGI", "Metrics", "EventLoop",
                "Base",
                logging,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// An independent signer for the tests of tokens. It needs three more packages and doubles the build time, so it is
// optional: TODO_JWT_KIT=1 swift test --filter JWTKitTests
if Context.environment["TODO_JWT_KIT"] != nil {
    package.dependencies += [
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
        // Generates the RSA keys, which jwt-kit does not.
        .package(url: "https://github.com/apple/swift-crypto", "4.0.0"..<"5.0.0"),
    ]
    package.targets.append(
        tests(
            "JWTKitTests",
            [
                "JWT", .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]))
}
