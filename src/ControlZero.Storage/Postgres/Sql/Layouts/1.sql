-- Layout 1: the tables that Orleans' ADO.NET providers work on. Their names and the queries' parameters and columns are Orleans' contract;
-- types, keys and constraints are ours.

-- Orleans reads the text of its statements from here, once, when a silo starts.
CREATE TABLE orleansquery (
    querykey  text PRIMARY KEY,
    querytext text NOT NULL
);

-- One row a cluster. Its version is what makes a change of the membership conditional.
CREATE TABLE orleansmembershipversiontable (
    deploymentid text PRIMARY KEY,
    "timestamp"  timestamptz NOT NULL DEFAULT now(),
    version      integer NOT NULL DEFAULT 0
);

-- One row a silo and start.
CREATE TABLE orleansmembershiptable (
    deploymentid text NOT NULL REFERENCES orleansmembershipversiontable,
    address      text NOT NULL,
    port         integer NOT NULL,
    generation   integer NOT NULL,
    siloname     text NOT NULL,
    hostname     text NOT NULL,
    status       integer NOT NULL,
    proxyport    integer NOT NULL,
    suspecttimes text,
    starttime    timestamptz NOT NULL,
    iamalivetime timestamptz NOT NULL,
    PRIMARY KEY (deploymentid, address, port, generation)
);

-- One row a grain and state. A cleared record stays, without payload, so that its version never goes back.
CREATE TABLE orleansstorage (
    serviceid              text NOT NULL,
    graintypehash          integer NOT NULL,
    grainidhash            integer NOT NULL,
    graintypestring        text NOT NULL,
    grainidn0              bigint NOT NULL,
    grainidn1              bigint NOT NULL,
    grainidextensionstring text NOT NULL,
    payloadbinary          bytea,
    modifiedon             timestamptz NOT NULL,
    version                integer NOT NULL,
    -- What fences a first write: of two that find no record, one is refused. The hashes come first because they are short and differ soon.
    CONSTRAINT orleansstorage_identity UNIQUE
        (serviceid, graintypehash, grainidhash, graintypestring, grainidn0, grainidn1, grainidextensionstring)
);
