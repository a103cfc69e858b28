// Microsoft School Data Sync, CSV formats v2.1 and v2: OneRoster's relative without manifest, status and deltas. Guardians
// are told by relationships.csv. userFlags.csv (health, meals, special education) is never opened.
#include "feeds/oneroster.h"

static const TableColumn ORGS[] = {
    [O_STATUS] = {"status"},
    [O_ID] = {"sourcedId", COLUMN_REQUIRED},
    [O_CHANGED] = {"dateLastModified"},
    [O_NAME] = {"name", COLUMN_REQUIRED},
    [O_TYPE] = {"type"},
    [O_PARENT] = {"parentSourcedId"},
};
static const TableColumn SESSIONS[] = {
    [S_STATUS] = {"status"},
    [S_ID] = {"sourcedId", COLUMN_REQUIRED},
    [S_CHANGED] = {"dateLastModified"},
    [S_BEGINS] = {"startDate"},
    [S_ENDS] = {"endDate"},
};
// v2 has role, grade and orgSourcedIds here, and no roles.csv; e-mail addresses came with v2.1.
static const TableColumn USERS[] = {
    [U_STATUS] = {"status"},
    [U_ID] = {"sourcedId", COLUMN_REQUIRED},
    [U_CHANGED] = {"dateLastModified"},
    [U_ENABLED] = {"enabledUser"},
    [U_ORGS] = {"orgSourcedIds", COLUMN_OPTIONAL, "=orgSourcedId"},
    [U_ROLE] = {"role"},
    [U_USERNAME] = {"username", COLUMN_REQUIRED},
    [U_GIVEN] = {"givenName"},
    [U_FAMILY] = {"familyName"},
    [U_PREFERRED_GIVEN] = {"preferredGivenName"},
    [U_PREFERRED_FAMILY] = {"preferredFamilyName"},
    [U_EMAIL] = {"email"},
    [U_SMS] = {"sms"},
    [U_PHONE] = {"phone"},
    [U_AGENTS] = {"agentSourcedIds"},
    [U_PRIMARY_ORG] = {"primaryOrgSourcedId"},
    [U_OTHER_IDS] = {"userIds"},
    [U_IDENTIFIER] = {"identifier"},
    [U_MASTER] = {"userMasterIdentifier"},
    [U_GRADES] = {"grade", COLUMN_OPTIONAL, "=grades"},
    [U_DIRECTORY] = {"activeDirectoryMatchId"},
    [U_PASSWORD] = {"password", COLUMN_DROPPED},
};
static const TableColumn ROLES[] = {
    [R_STATUS] = {"status"},
    [R_ID] = {"sourcedId"},
    [R_CHANGED] = {"dateLastModified"},
    [R_USER] = {"userSourcedId", COLUMN_REQUIRED},
    [R_ROLE] = {"role", COLUMN_REQUIRED},
    [R_ORG] = {"orgSourcedId"},
    [R_BEGINS] = {"roleStartDate", COLUMN_OPTIONAL, "=beginDate"},
    [R_ENDS] = {"roleEndDate", COLUMN_OPTIONAL, "=endDate"},
    [R_GRADE] = {"grade"},
};
static const TableColumn DEMOGRAPHICS[] = {
    [D_STATUS] = {"status"},
    [D_USER] = {"userSourcedId", COLUMN_REQUIRED, "=sourcedId"},
    [D_BIRTH] = {"birthDate"},
    [D_SEX] = {"sex", COLUMN_DROPPED},
};
static const TableColumn RELATIONSHIPS[] = {
    [L_STATUS] = {"status"},
    [L_USER] = {"userSourcedId", COLUMN_REQUIRED},
    [L_OTHER] = {"relationshipUserSourcedId", COLUMN_REQUIRED},
    [L_ROLE] = {"relationshipRole", COLUMN_REQUIRED},
};
static const TableColumn CLASSES[] = {
    [C_STATUS] = {"status"},
    [C_ID] = {"sourcedId", COLUMN_REQUIRED},
    [C_CHANGED] = {"dateLastModified"},
    [C_TITLE] = {"title", COLUMN_REQUIRED},
    [C_SCHOOL] = {"orgSourcedId", COLUMN_OPTIONAL, "=schoolSourcedId"},
    [C_TERMS] = {"sessionSourcedIds", COLUMN_OPTIONAL, "=sessionSourcedId|termSourcedIds"},
    [C_TYPE] = {"classType"},
};
static const TableColumn ENROLLMENTS[] = {
    [E_STATUS] = {"status"},
    [E_CHANGED] = {"dateLastModified"},
    [E_CLASS] = {"classSourcedId", COLUMN_REQUIRED},
    [E_USER] = {"userSourcedId", COLUMN_REQUIRED},
    [E_ROLE] = {"role", COLUMN_REQUIRED},
    [E_BEGINS] = {"beginDate"},
    [E_ENDS] = {"endDate"},
};

static const SisKind KINDS[SIS_FILES] = {
    [SIS_ORGS] = SIS_KIND("orgs.csv", ORGS, sis_org),
    [SIS_SESSIONS] = SIS_KIND("academicSessions.csv", SESSIONS, sis_session),
    [SIS_USERS] = SIS_KIND("users.csv", USERS, sis_user),
    [SIS_ROLES] = SIS_KIND("roles.csv", ROLES, sis_role_row),
    [SIS_DEMOGRAPHICS] = SIS_KIND("demographics.csv", DEMOGRAPHICS, sis_demographics),
    [SIS_RELATIONSHIPS] = SIS_KIND("relationships.csv", RELATIONSHIPS, sis_relationship),
    [SIS_CLASSES] = SIS_KIND("classes.csv", CLASSES, sis_class),
    [SIS_ENROLLMENTS] = SIS_KIND("enrollments.csv", ENROLLMENTS, sis_enrollment),
};

static Tri recognise(const Source *files, GError **error)
{
    int which;
    return !sis_tell(files, &which, error) ? TRI_UNKNOWN : which == 1 ? TRI_YES : TRI_NO;
}

static bool open_sds(FeedRun *run, FeedInput *input, GError **error)
{
    sis_new(input, KINDS)->sds = true;
    return sis_open(run, input, error);
}

const FeedImporter FEED_SDS = {
    .type = "sds", .recognise = recognise, .open = open_sds, .read = sis_read, .close = sis_close};
