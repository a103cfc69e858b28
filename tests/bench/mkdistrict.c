// mkdistrict: writes a OneRoster 1.1 export of a district of any size into a directory.
//
//   mkdistrict DIR [staff=N] [students=N] [guardians=N] [links=N] [seats=N] [schools=N] [seed=N] [leavers=N]
//
// `links` guardian links and `seats` enrollments are spread over the students. The same seed gives the same district;
// `leavers` of the students are left out, as in the export of a later day.
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const GIVEN[] = {
    "Ana",   "Ben",    "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo",  "Imani", "Jonas", "Keiko",
    "Liam",  "Mara",   "Noah",  "Olga",   "Pedro", "Quinn", "Rosa",  "Samir", "Tara",  "Uma",   "Victor",
    "Wanda", "Xavier", "Yusuf", "Zoe",    "Marta", "Ivan",  "Leila", "Oscar", "Priya", "Tomas",
};
static const char *const FAMILY[] = {
    "Abbott", "Baker",  "Castro", "Dunn",   "Ellis",  "Flores", "Gray",   "Hoang",
    "Ibarra", "Jensen", "Kaur",   "Lopez",  "Moore",  "Nowak",  "Okafor", "Pereira",
    "Quist",  "Rossi",  "Santos", "Turner", "Ueda",   "Vargas", "Walsh",  "Xu",
    "Young",  "Zhang",  "Ferrer", "Lund",   "Medina", "Novak",  "Ortega", "Petrov",
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct {
    long staff, students, guardians, links, seats, schools, seed, leavers;
} size = {100, 1000, 1200, 1600, 6000, 2, 1, 0};

static uint64_t mix(uint64_t x)
{
    x += (uint64_t)size.seed * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static FILE *begin(const char *dir, const char *name, const char *header)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(73);
    }
    setvbuf(file, NULL, _IOFBF, 1 << 20);
    fprintf(file, "%s\r\n", header);
    return file;
}

static void end(FILE *file, const char *name)
{
    if (ferror(file) || fclose(file) != 0) {
        perror(name);
        exit(74);
    }
}

static const char *given(uint64_t id)
{
    return GIVEN[mix(id * 7 + 1) % COUNT(GIVEN)];
}

static const char *family(uint64_t id)
{
    return FAMILY[mix(id * 7 + 2) % COUNT(FAMILY)];
}

static long classes(void)
{
    long count = size.seats / 26;
    return count < 1 ? 1 : count;
}

static int left(long student)
{
    return size.leavers > 0 && mix((uint64_t)student + 77) % (uint64_t)size.students < (uint64_t)size.leavers;
}

static void write_orgs(const char *dir)
{
    FILE *file =
        begin(dir, "orgs.csv", "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId");
    fprintf(file, "dist,,,Example Public Schools,district,,\r\n");
    for (long i = 0; i < size.schools; i++)
        fprintf(file, "sch-%ld,,,School No. %ld,school,,dist\r\n", i, i);
    end(file, "orgs.csv");
    file = begin(dir, "academicSessions.csv",
                 "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear");
    fprintf(file, "sy,,,School Year,schoolYear,2026-08-24,2027-06-20,,2027\r\n");
    end(file, "academicSessions.csv");
}

static void write_users(const char *dir)
{
    FILE *file =
        begin(dir, "users.csv",
              "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
              "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password");
    for (long i = 0; i < size.staff; i++)
        fprintf(
            file,
            "t-%ld,,,true,sch-%ld,teacher,t%ld,,%s,%s,,E%ld,t%ld@example.org,+1413555%04ld,,,,not-read\r\n",
            i, i % size.schools, i, given((uint64_t)i), family((uint64_t)i), i, i, i % 10000);
    for (long i = 0; i < size.students; i++) {
        if (left(i))
            continue;
        fprintf(file, "s-%ld,,,true,sch-%ld,student,s%ld,,%s,%s,,%ld,s%ld@students.example.org,,,\"", i,
                i % size.schools, i, given(1000000000 + (uint64_t)i), family(1000000000 + (uint64_t)i), i, i);
        // The links of student i: those numbered i, i + students, ...
        for (long n = i, first = 1; n < size.links; n += size.students, first = 0)
            fprintf(file, "%sg-%" PRIu64, first ? "" : ",", mix((uint64_t)n * 3) % (uint64_t)size.guardians);
        fprintf(file, "\",%02ld,not-read\r\n", i % 13);
    }
    for (long i = 0; i < size.guardians; i++)
        fprintf(file, "g-%ld,,,true,sch-%ld,guardian,,,%s,%s,,,g%ld@example.net,+1508%07ld,,,,\r\n", i,
                i % size.schools, given(2000000000 + (uint64_t)i), family(2000000000 + (uint64_t)i), i,
                2000000 + i % 8000000);
    end(file, "users.csv");
}

static void write_classes(const char *dir)
{
    FILE *file =
        begin(dir, "classes.csv",
              "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
              "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods");
    for (long i = 0; i < classes(); i++)
        fprintf(file, "c-%ld,,,Class %ld,%02ld,,,scheduled,,sch-%ld,sy,,,\r\n", i, i, i % 13,
                i % size.schools);
    end(file, "classes.csv");
    file = begin(dir, "enrollments.csv",
                 "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,"
                 "primary,beginDate,"
                 "endDate");
    for (long i = 0; i < classes(); i++)
        fprintf(file, "e-t-%ld,,,c-%ld,sch-%ld,t-%ld,teacher,true,2026-08-24,2027-06-20\r\n", i, i,
                i % size.schools, i % size.staff);
    for (long i = classes(); i < size.seats; i++) {
        long student = i % size.students;
        if (!left(student))
            fprintf(file, "e-%ld,,,c-%" PRIu64 ",sch-%ld,s-%ld,student,,2026-08-24,2027-06-20\r\n", i,
                    mix((uint64_t)i * 5) % (uint64_t)classes(), i % size.schools, student);
    }
    end(file, "enrollments.csv");
}

static void write_manifest(const char *dir)
{
    static const char *const names[] = {
        "academicSessions", "categories",   "classes",     "classResources", "courses",
        "courseResources",  "demographics", "enrollments", "lineItems",      "orgs",
        "resources",        "results",      "users"};
    FILE *file = begin(dir, "manifest.csv", "propertyName,value");
    fprintf(file, "manifest.version,1.0\r\noneroster.version,1.1\r\n");
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *bulk = "academicSessions classes enrollments orgs users";
        fprintf(file, "file.%s,%s\r\n", names[i], strstr(bulk, names[i]) != NULL ? "bulk" : "absent");
    }
    end(file, "manifest.csv");
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        long *value;
    } settings[] = {{"staff", &size.staff}, {"students", &size.students}, {"guardians", &size.guardians},
                    {"links", &size.links}, {"seats", &size.seats},       {"schools", &size.schools},
                    {"seed", &size.seed},   {"leavers", &size.leavers}};
    for (int i = 2; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        size_t at = 0;
        while (at < COUNT(settings) &&
               (equals == NULL || strlen(settings[at].name) != (size_t)(equals - argv[i]) ||
                strncmp(settings[at].name, argv[i], (size_t)(equals - argv[i])) != 0))
            at++;
        if (at == COUNT(settings) || atol(equals + 1) < 0) {
            fprintf(stderr, "mkdistrict: %s: not name=number\n", argv[i]);
            return 64;
        }
        *settings[at].value = atol(equals + 1);
    }
    if (argc < 2 || size.staff < 1 || size.students < 1 || size.guardians < 1 || size.schools < 1) {
        fprintf(stderr, "usage: mkdistrict DIR [name=number ...]\n");
        return 64;
    }
    mkdir(argv[1], 0755);
    write_manifest(argv[1]);
    write_orgs(argv[1]);
    write_users(argv[1]);
    write_classes(argv[1]);
    return 0;
}
